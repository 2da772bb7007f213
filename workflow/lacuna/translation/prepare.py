"""What the steps are trained and judged on: genes in common, normalised samples, L1000 wells."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from lacuna.errors import LacunaError
from lacuna.io.h5ad_write import write_h5ad
from lacuna.io.level3 import Level3
from lacuna.translation.interface import GenomeTraining, Rows
from lacuna.translation.normalise import Reference, log_cpm
from lacuna.translation.sources import Source, kept_genes

MOST_SAMPLES = 50_000  # of each side, as the authors draw
LEAST_LANDMARKS = 100  # fewer tell little of a genome
LEAST_WELLS = 5  # of a line that step 1 is trained on, where the middle line has fewer


@dataclass(frozen=True)
class RnaSeq:
    """Sources of RNA-seq that were opened and filtered.

    Attributes
    ----------
    names : list of str
        What the configuration calls them.
    sources : list of Source
    held_out : set of str
        Samples that are not trained on: those of pairs, and whatever the tables give another role.
    """

    names: list[str]
    sources: list[Source]
    held_out: set[str]

    def training(self) -> "list[tuple[str, Source]]":
        """Return the sources with the samples that are trained on; none without any."""
        chosen = []
        for name, source in zip(self.names, self.sources, strict=True):
            free = source.samples.index[~source.samples.index.isin(self.held_out)]
            if len(free):
                chosen.append((name, source.only(free)))
        return chosen


def choose_genes(
    sources: Sequence[Source], landmarks: Iterable[str]
) -> tuple[pd.DataFrame, list[str], list[str]]:
    """Choose the genes that a translation takes and gives.

    Parameters
    ----------
    sources
        Of the training samples.
    landmarks
        Symbols that L1000 measures.

    Returns
    -------
    table : DataFrame
        As `kept_genes` returns it.
    landmarks, genes : list of str
        In alphabetical order: the landmarks among the genes, and all genes that are expressed and
        that no training sample lacks.

    Raises
    ------
    LacunaError
        If hardly a landmark is left.
    """
    table = kept_genes(sources)
    genes = sorted(table.loc[table["kept"] & (table["missing"] == 0), "gene"])
    measured = set(landmarks)
    chosen = [gene for gene in genes if gene in measured]
    if len(chosen) < LEAST_LANDMARKS:
        raise LacunaError(
            f"only {len(chosen)} of {len(measured)} landmark genes are expressed in the RNA-seq "
            f"samples and stand in all of their sources; expected at least {LEAST_LANDMARKS}. "
            "Are genes called by the same names? A table of genes (acquire: genes) translates them."
        )
    return table, chosen, genes


def normalised(sources: Iterable[Source], genes: list[str], logarithm: str) -> Iterator[np.ndarray]:
    """Yield log CPM over the genes chosen, in blocks of samples.

    Raises
    ------
    LacunaError
        If a sample lacks one of the genes, or has no read in any.
    """
    for source in sources:
        for samples, values in source.blocks(genes):
            if (holes := np.isnan(values)).any():
                sample, gene = np.argwhere(holes)[0]
                raise LacunaError(
                    f"{source.expression.path}: sample {samples[sample]!r} has no value of "
                    f"{genes[gene]}, which the model needs; expected all {len(genes)} genes. "
                    "Leave the sample out, or train on sources that lack the gene, too."
                )
            yield log_cpm(values, samples, logarithm)


def write_rnaseq(
    path: str | Path,
    sources: Sequence[tuple[str, Source]],
    genes: pd.DataFrame,
    logarithm: str,
    reference: Reference | None = None,
    facts: pd.DataFrame | None = None,
) -> Reference:
    """Normalise samples, and write them as h5ad.

    Parameters
    ----------
    path
        The file.
    sources
        What they are called, and their samples.
    genes
        The list of genes, `make_gene_list`.
    logarithm
        "log2" or "log10".
    reference
        Given for samples that are not trained on; None to learn it from these.
    facts
        More columns of obs, indexed by sample.

    Returns
    -------
    Reference
        What the samples were normalised against; it stands in the file's uns, too.
    """
    names, of = genes["gene"].tolist(), [source for _, source in sources]
    if reference is None:
        reference = Reference.of(normalised(of, names, logarithm))
    known = reference
    obs = pd.concat([_describe(name, source) for name, source in sources])
    if facts is not None:
        obs = obs.join(facts, on="sample")
    blocks = (known.apply(block) for block in normalised(of, names, logarithm))
    var = genes.set_index("gene")[["landmark"]]
    uns: dict[str, Any] = {"reference": known.sorted_values, "unit": f"{logarithm}(CPM + 1)"}
    write_h5ad(path, blocks, obs, var, uns)
    return known


def _describe(name: str, source: Source) -> pd.DataFrame:
    """Return study, reads, sample and source of each sample, indexed by a name of its own."""
    table = source.samples.reindex(columns=["study", "reads"])
    table["sample"], table["source"] = source.samples.index, name
    table["study"] = table["study"].fillna(name).astype(str)
    return table.set_axis(f"{name}:" + source.samples.index)


def write_l1000(
    path: str | Path,
    matrices: Sequence[tuple[Level3, pd.DataFrame]],
    landmarks: list[str],
    rng: np.random.Generator,
    *,
    quantile_normalised: bool,
) -> None:
    """Write the L1000 profiles that step 1 is trained on.

    Parameters
    ----------
    path
        The file, h5ad.
    matrices
        Open matrices with the landmarks as rows, each with its wells: indexed by well, and with
        columns `series`, `cell`, `plate` and `replicate_of` (wells that repeat each other share it,
        empty for those without).
    landmarks
        Symbols, in the order wanted.
    rng
        Draws wells where there are more than `MOST_SAMPLES`.
    quantile_normalised
        Whether all wells are given one distribution; as measured otherwise.
    """
    wells = pd.concat([table for _, table in matrices])
    chosen = np.arange(len(wells))
    if len(chosen) > MOST_SAMPLES:
        chosen = np.sort(rng.choice(chosen, MOST_SAMPLES, replace=False))
    kept = set(chosen.tolist())
    parts, first = [], 0
    for level3, table in matrices:
        numbers = range(first, first + len(table))
        names = [name for number, name in zip(numbers, table.index, strict=True) if number in kept]
        parts.append((level3, names))
        first += len(table)

    def read() -> Iterator[np.ndarray]:
        for level3, names in parts:
            for _, values in level3.blocks(names):
                yield values

    blocks: Iterable[np.ndarray] = read()
    if quantile_normalised:
        reference = Reference.of(read())
        blocks = (reference.apply(block) for block in read())
    var = pd.DataFrame(index=pd.Index(landmarks, name="gene"))
    write_h5ad(path, blocks, wells.iloc[chosen].astype(str), var, {"unit": "log2, Level 3"})


def balance_lines(cell: np.ndarray) -> np.ndarray:
    """Choose wells so that no line speaks for all: none gives more than the middle line has.

    A step without pairs gives L1000 the distribution of RNA-seq. Where a few lines have most wells,
    and many lines one, that of the wells is the distribution of the few.

    Parameters
    ----------
    cell : array of shape (n,)
        The line of each well.

    Returns
    -------
    int array, rising
        Of a line with more wells than the median over lines, and than `LEAST_WELLS`, so many at
        even distances: from all of its plates.
    """
    _, number, count = np.unique(cell, return_inverse=True, return_counts=True)
    most = max(LEAST_WELLS, int(np.median(count)))
    chosen = []
    for line, wells in enumerate(count):
        spread = np.linspace(0, wells - 1, min(wells, most)).round().astype(int)
        chosen.append(np.flatnonzero(number == line)[spread])
    return np.sort(np.concatenate(chosen))


def replicate_noise(l1000: np.ndarray, replicate_of: np.ndarray, rnaseq: np.ndarray) -> np.ndarray:
    """Return the noise of L1000 on the scale of RNA-seq: what step 1 will add at least.

    Parameters
    ----------
    l1000, rnaseq : arrays of shape (n, landmarks) and (m, landmarks)
    replicate_of : array of str of shape (n,)
        Wells that repeat each other share it; empty for those without.

    Returns
    -------
    float64 array of shape (landmarks,)
        The standard deviation within replicates, times the mean in RNA-seq over that in L1000.
    """
    named = replicate_of != ""
    table = pd.DataFrame(l1000[named].astype(np.float64))
    by = table.groupby(replicate_of[named])
    freedom = len(table) - by.ngroups
    if freedom <= 0:
        return np.zeros(l1000.shape[1])
    within = np.sqrt(((table - by.transform("mean")) ** 2).sum().to_numpy() / freedom)
    before, after = (side.mean(axis=0, dtype=np.float64) for side in (l1000, rnaseq))
    return within * np.divide(after, before, where=before > 0, out=np.zeros_like(before))


def genome_training(
    genome: Rows, obs: pd.DataFrame, landmarks_at: np.ndarray, noise: np.ndarray
) -> GenomeTraining:
    """Put together what step 2 is trained on."""
    _, study = np.unique(obs["study"].astype(str), return_inverse=True)
    landmarks = np.concatenate(
        [
            np.asarray(genome[first : first + 4096])[:, landmarks_at]
            for first in range(0, genome.shape[0], 4096)
        ]
    )
    return GenomeTraining(landmarks, genome, study, noise)
