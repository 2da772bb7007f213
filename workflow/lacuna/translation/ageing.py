"""Signatures of ageing: tissues of older donors against those of donors between 20 and 29.

After Jeon et al. 2022 (doi:10.1186/s12859-022-04895-5), case study on GTEx; each tissue's own
expression filter, groups of equal size, and the genes that are most often among the strongest.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from lacuna.errors import LacunaError, listed
from lacuna.translation.differential import Scores, compare, top_genes
from lacuna.translation.normalise import log_cpm

YOUNGEST = "20-29"
DECADES = (YOUNGEST, "30-39", "40-49", "50-59", "60-69", "70-79")  # years, as GTEx gives them
FEWEST_DONORS = 2  # of each group; with one, no spread is known
MIN_COUNT, MIN_TOTAL = 10, 15  # reads per sample at the median library, and over all samples
LARGE, LARGE_SHARE = 10, 0.7  # of a larger group, this share of what exceeds it must express a gene
TOP_OF_SIGNATURE, MOST_FREQUENT = 250, 100
NEEDED = ("sample", "donor", "tissue", "age")
LANDMARK, INFERRED, MODEL_ONLY = "landmark", "inferred", "model-only"
FREQUENT = ["direction", "place", "gene", "signatures", "of", "origin"]


@dataclass(frozen=True)
class AgeingSignature:
    """One decade against the youngest, in one tissue.

    Attributes
    ----------
    tissue, decade : str
    donors : int
        In each of the two groups.
    genes : int array
        Positions of the genes that passed the tissue's filter, to which `scores` belong.
    scores : Scores
        Positive is higher in older donors.
    """

    tissue: str
    decade: str
    donors: int
    genes: np.ndarray
    scores: Scores

    @property
    def name(self) -> str:
        return f"{self.tissue} {self.decade} vs {YOUNGEST}"


def keep_expressed(counts: np.ndarray, smallest_group: int) -> np.ndarray:
    """Return which genes are expressed in enough samples of a tissue.

    A gene is kept if its CPM reach 10 million / the median library size (10 reads in the median
    sample) in about as many samples as the smallest group has, and it has at least 15 reads in
    all. The threshold of samples is that of edgeR's filterByExpr, with the same two numbers (Chen,
    Lun and Smyth 2016, doi:10.12688/f1000research.8987.2); the paper gives none.

    Parameters
    ----------
    counts : array of shape (samples, genes)
        Read counts.
    smallest_group
        Samples in the smallest group, n; of more than 10, 10 + 0.7 (n - 10) are asked for.

    Returns
    -------
    bool array of shape (genes,)

    Raises
    ------
    LacunaError
        If a count is negative or no whole number, or a sample has no reads.
    """
    counts = np.asarray(counts)
    if (wrong := ~(counts >= 0) | (counts != np.floor(counts))).any():
        sample, gene = np.argwhere(wrong)[0]
        raise LacunaError(
            f"the sample in row {sample} has {counts[sample, gene]} reads of the gene in column "
            f"{gene} (both from 0 on); expected counts: whole numbers, no TPM and no logarithms."
        )
    library = counts.sum(axis=1, dtype=np.float64)
    if not library.all():
        raise LacunaError(f"the sample in row {np.argmin(library)} has no reads; leave it out.")
    cpm = counts / library[:, None] * 1e6
    needed = float(smallest_group)
    if needed > LARGE:
        needed = LARGE + LARGE_SHARE * (needed - LARGE)
    # Slack for rounding, as in edgeR.
    reached = (cpm >= MIN_COUNT * 1e6 / np.median(library)).sum(axis=0) >= needed - 1e-14
    return reached & (counts.sum(axis=0) >= MIN_TOTAL - 1e-14)


def ageing_signatures(
    read: Callable[[np.ndarray], np.ndarray],
    samples: pd.DataFrame,
    gamma: float,
    rng: np.random.Generator,
) -> tuple[list[AgeingSignature], pd.DataFrame]:
    """Compare each decade with the youngest, tissue by tissue.

    Parameters
    ----------
    read
        Gives the counts at increasing positions of samples, samples x genes, for example
        `array.__getitem__`. Only one tissue's are in memory.
    samples
        One row per sample, in the order of the counts: sample, donor, tissue, and age, one of
        `DECADES`. Of a donor with several samples of a tissue, one is drawn.
    gamma
        Weight of the covariance in the Characteristic Direction, in (0, 1].
    rng
        Draws as many donors from the larger group as the smaller one has, anew for each signature.

    Returns
    -------
    signatures : list of AgeingSignature
        In the order of tissues and decades.
    left_out : DataFrame with columns tissue, decade, donors, left_out
        Groups that are too small, and why.

    Raises
    ------
    LacunaError
        If a column is missing, an age is no decade, a sample stands twice, or the counts are none.
    """
    _check_samples(samples)
    table = samples.reset_index(drop=True).assign(at=np.arange(len(samples)))
    signatures, left_out = [], []
    for tissue, rows in table.groupby("tissue", sort=True):
        shuffled = rows.iloc[rng.permutation(len(rows))]
        rows = shuffled.drop_duplicates("donor").sort_values("at")
        groups = {decade: rows.loc[rows["age"] == decade, "at"].to_numpy() for decade in DECADES}
        sizes = {decade: len(members) for decade, members in groups.items()}
        enough = [decade for decade in DECADES[1:] if sizes[decade] >= FEWEST_DONORS]
        if sizes[YOUNGEST] < FEWEST_DONORS:
            enough = []
        for decade in DECADES:
            if sizes[decade] < FEWEST_DONORS:
                reason = f"fewer than {FEWEST_DONORS} donors"
                reason += ": nothing to compare with" if decade == YOUNGEST else ""
                left_out.append((tissue, decade, sizes[decade], reason))
        if not enough:
            continue
        at = rows["at"].to_numpy()
        counts = np.asarray(read(at))
        smallest = min(sizes[decade] for decade in (YOUNGEST, *enough))
        genes = np.flatnonzero(_keep(counts, smallest, str(tissue)))
        expression = log_cpm(counts[:, genes], pd.Index(rows["sample"]))
        for decade in enough:
            donors = min(sizes[decade], sizes[YOUNGEST])
            older, young = (
                expression[np.searchsorted(at, np.sort(rng.choice(group, donors, replace=False)))]
                for group in (groups[decade], groups[YOUNGEST])
            )
            scores = compare(older, young, gamma)
            signatures.append(AgeingSignature(str(tissue), decade, donors, genes, scores))
    columns = ["tissue", "decade", "donors", "left_out"]
    return signatures, pd.DataFrame(left_out, columns=columns)


def _check_samples(samples: pd.DataFrame) -> None:
    if missing := [column for column in NEEDED if column not in samples]:
        raise LacunaError(f"the table of samples has no column {listed(missing)}.")
    wrong = samples[~samples["age"].isin(DECADES)]
    if len(wrong):
        sample, age = wrong[["sample", "age"]].iloc[0]
        raise LacunaError(
            f"sample {sample}: the age is {listed([age])}; expected one of "
            f"{listed(DECADES, most=6)}. Leave out samples of other or unknown age."
        )
    if (twice := samples["sample"].duplicated()).any():
        names = listed(samples.loc[twice, "sample"].unique())
        raise LacunaError(f"the samples {names} stand twice; expected a row for each.")


def _keep(counts: np.ndarray, smallest: int, tissue: str) -> np.ndarray:
    try:
        kept = keep_expressed(counts, smallest)
    except LacunaError as error:
        raise LacunaError(f"tissue {tissue}: {error}") from error
    if not kept.any():
        raise LacunaError(
            f"tissue {tissue}: no gene is expressed in {smallest} samples; expected read counts of "
            "the whole transcriptome."
        )
    return kept


def gene_set_library(
    signatures: Sequence[AgeingSignature],
    symbols: Sequence[str],
    method: str = "cd",
    count: int = TOP_OF_SIGNATURE,
) -> dict[str, list[str]]:
    """Return the genes that each signature raises and lowers most, for `lacuna.io.gmt.write_gmt`.

    Parameters
    ----------
    signatures
        Of ageing.
    symbols
        Of all genes.
    method
        By which score, one of `lacuna.translation.differential.METHODS`.
    count
        How many of each at most.

    Returns
    -------
    dict of lists of str
        Two sets per signature, called as it with Up or Down behind; a set without a gene is left
        out, as a GMT file holds no empty ones.
    """
    names = np.asarray(symbols, dtype=object)
    library: dict[str, list[str]] = {}
    for signature in signatures:
        score = signature.scores.by_method()[method]
        up, down = top_genes(score, names[signature.genes], count)
        library |= {f"{signature.name} Up": up, f"{signature.name} Down": down}
    return {name: genes for name, genes in library.items() if genes}


def frequent_genes(
    library: Mapping[str, Sequence[str]],
    landmarks: Collection[str],
    inferred: Collection[str],
    facts: pd.DataFrame | None = None,
    count: int = MOST_FREQUENT,
) -> pd.DataFrame:
    """Return the genes that are in most sets of the library, up and down.

    Parameters
    ----------
    library
        As `gene_set_library` returns it.
    landmarks, inferred
        Symbols of the genes that L1000 measures, and of those that it infers itself.
    facts
        What a user knows of genes, such as counts of publications or whether they are secreted:
        gene, and other columns; optional.
    count
        How many of each direction at most.

    Returns
    -------
    DataFrame
        `FREQUENT`: direction (up, down), place (genes in equally many sets by name), gene,
        signatures (how many have it), of (how many there are in this direction), origin (landmark,
        inferred or model-only); then the columns of `facts`.

    Raises
    ------
    LacunaError
        If `facts` has no column gene, a gene twice, or a column called as one of `FREQUENT`.
    """
    rows = []
    for direction in ("up", "down"):
        sets = [genes for name, genes in library.items() if name.endswith(direction.capitalize())]
        counted = Counter(gene for genes in sets for gene in set(genes))
        ordered = sorted(counted.items(), key=lambda item: (-item[1], item[0]))[:count]
        for place, (gene, signatures) in enumerate(ordered, start=1):
            origin = _origin(gene, landmarks, inferred)
            rows.append((direction, place, gene, signatures, len(sets), origin))
    table = pd.DataFrame(rows, columns=FREQUENT)
    if facts is None:
        return table
    check_facts(facts)
    return table.merge(facts, on="gene", how="left", validate="many_to_one")


def _origin(gene: str, landmarks: Collection[str], inferred: Collection[str]) -> str:
    if gene in landmarks:
        return LANDMARK
    return INFERRED if gene in inferred else MODEL_ONLY


def check_facts(facts: pd.DataFrame) -> None:
    """Refuse a table of facts about genes that `frequent_genes` cannot join."""
    if "gene" not in facts:
        raise LacunaError("the table of facts about genes has no column 'gene'.")
    if clash := (set(FREQUENT) - {"gene"}) & set(facts):
        raise LacunaError(
            f"the table of facts about genes has columns {listed(sorted(clash))}, which this table "
            "has itself; rename them."
        )
    if (twice := facts["gene"].duplicated()).any():
        names = listed(facts.loc[twice, "gene"].unique())
        raise LacunaError(f"the table of facts has the genes {names} twice; expected one row each.")


def signature_table(signatures: Sequence[AgeingSignature]) -> Iterator[dict[str, object]]:
    """Yield what is known of each signature: tissue, decade, donors per group and genes kept."""
    for one in signatures:
        yield {"tissue": one.tissue, "decade": one.decade, "donors": one.donors} | {
            "genes": len(one.genes)
        }
