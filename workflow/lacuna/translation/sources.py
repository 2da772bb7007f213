"""RNA-seq to learn from: samples worth using, genes by symbol, and the unit that was declared.

Filters after Jeon et al. 2022, BMC Bioinformatics 23:374, doi:10.1186/s12859-022-04895-5, and the
code that they published.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
import pandas as pd

from lacuna.errors import LacunaError, listed
from lacuna.io.blocks import AT_ONCE, Expression
from lacuna.io.genes import GeneTable, kind_of

UNITS = ("counts", "tpm")
STUDY = ("study", "source", "series")  # columns of samples that may name the study, the first wins
READS = "reads"
# A sample whose `unit` in the table of samples says so holds bases covered, as recount2 gives them;
# its reads are about 100 bases long.
COVERAGE, BASES_PER_READ = "base coverage", 100
LOOKED_AT = 16  # samples whose unit is checked before anything is done
# Both after the authors' code: a sample has more reads than this, and its series fewer samples.
LEAST_READS, MOST_SAMPLES = 1_000_000, 200
MILLION = 1e6
# What the TPM of a sample may sum to. The whole transcriptome sums to 1e6. Tables of protein-coding
# genes alone lose what the others have: the Human Protein Atlas's tissues sum to 0.56e6 to 0.91e6,
# its table of GTEx, which holds a median over samples, up to 1.02e6. Log TPM sums to less than
# 0.2e6, and counts of a sample that is deep enough to use to more than 1.1e6.
TPM_SUMS = (0.4e6, 1.1e6)
ROUNDED = 0.01  # integers whose every sample sums to 1e6 within so much are TPM or CPM, rounded
ROUNDED_SAMPLES = 3  # so many samples in a block do not do so by chance
# A gene is kept if it reaches so many counts in so many of the samples.
LEAST_COUNT, LEAST_SHARE = 10, 0.02
# Reads of a sample where there is none in counts to tell: what ENCODE asks of bulk RNA-seq.
USUAL_READS = 20e6


class Block(NamedTuple):
    """Some samples.

    Attributes
    ----------
    samples : Index of str
    values : float64 array of shape (samples, genes)
        In the unit of their source; NaN where a gene was not measured.
    """

    samples: pd.Index
    values: np.ndarray


@dataclass(frozen=True)
class Source:
    """Samples of one file, fit for training; made by `open_source`.

    Attributes
    ----------
    expression : Expression
        The open file.
    unit : str
        counts or tpm.
    genes : Index of str
        Symbols, each once, in alphabetical order.
    samples : DataFrame
        Indexed by sample: what the file or its table says, and `study` and `reads` (all of its
        reads as the file says, else the sum of its counts; NaN for TPM), and `per_read`: what one
        read adds to the values, 1 or, of base coverage, 100.
    filters : DataFrame
        step, samples: how many were left after it.
    unmapped : int
        How many of the file's genes have no symbol.
    places : int array of shape (genes of the file,)
        For each gene of the file its place in `genes`, -1 if it has no symbol.
    """

    expression: Expression
    unit: str
    genes: pd.Index
    samples: pd.DataFrame
    filters: pd.DataFrame
    unmapped: int
    places: np.ndarray

    def only(self, samples: Iterable[object]) -> "Source":
        """Return the source with some of its samples, in its order.

        Raises
        ------
        LacunaError
            If it has not all of them.
        """
        names = pd.Index(list(map(str, samples)))
        missing = names.difference(self.samples.index)
        if len(missing):
            raise LacunaError(
                f"{self.expression.path}: samples {listed(missing)} are not there, or did not pass "
                f"the filters ({len(self.samples)} did)."
            )
        return replace(self, samples=self.samples[self.samples.index.isin(names)])

    def blocks(
        self, genes: Iterable[object] | None = None, at_once: int = AT_ONCE
    ) -> Iterator[Block]:
        """Read the samples, some at a time; genes that share a symbol are summed.

        Parameters
        ----------
        genes
            Symbols in the order wanted; all by default.
        at_once
            How many samples a block has at most.

        Raises
        ------
        LacunaError
            If a gene is not there, or a value does not fit the unit.
        """
        wanted = self.genes if genes is None else pd.Index(list(map(str, genes)))
        at = self.genes.get_indexer(wanted)
        if (at < 0).any():
            raise LacunaError(
                f"{self.expression.path}: has no genes {listed(wanted[at < 0])} "
                f"({int((at < 0).sum())} of {len(wanted)} are missing); expected all of them."
            )
        for samples, values in self.expression.blocks(self.samples.index, at_once):
            check_unit(self.expression, samples, values, self.unit)
            yield Block(samples, _sum_by_place(values, self.places, len(self.genes))[:, at])


def open_source(expression: Expression, unit: str, genes: GeneTable) -> Source:
    """Choose the samples of a file as the authors do, and name its genes by symbol.

    A sample of counts needs more than 1,000,000 reads: those that the file gives (`reads`), else
    the sum of its counts, for which all of it is read once. TPM says nothing of reads. A study must
    have fewer than 200 samples in the file, where studies are known. A sample of base coverage, as
    recount2 has them, has a hundredth of its sum in reads; the table of samples has to say so in a
    column unit, as "counts (base coverage)".

    Parameters
    ----------
    expression
        An open file; its samples may have a column study, source or series.
    unit
        What its values are: counts or tpm.
    genes
        The table of genes.

    Raises
    ------
    LacunaError
        If there is no such unit, values do not fit it, no sample is left, or genes have no symbols.
    """
    if unit not in UNITS:
        raise LacunaError(
            f"{expression.path}: unit {unit!r} is not known; expected {' or '.join(UNITS)}."
        )
    symbols, unmapped = _symbols(expression, genes)
    names = pd.Index(sorted(set(symbols[pd.notna(symbols)])))
    samples = _describe(expression, unit)
    size = samples["study"].value_counts()
    steps = [("in the file", len(samples))]
    if unit == "counts":
        samples = samples[samples[READS] > LEAST_READS]
        steps.append((f"more than {LEAST_READS:,} reads", len(samples)))
    samples = samples[~(samples["study"].map(size) >= MOST_SAMPLES)]
    steps.append((f"study of fewer than {MOST_SAMPLES} samples", len(samples)))
    if samples.empty:
        said = "; ".join(f"{step}: {left}" for step, left in steps)
        raise LacunaError(
            f"{expression.path}: none of its samples can be used ({said}). Expected samples of "
            "more depth, or of smaller studies."
        )
    filters = pd.DataFrame(steps, columns=["step", "samples"])
    places = names.get_indexer(pd.Index(symbols))
    return Source(expression, unit, names, samples, filters, unmapped, places)


def kept_genes(sources: Sequence[Source], at_once: int = AT_ONCE) -> pd.DataFrame:
    """Say which genes are expressed: at least 10 counts in at least 2 % of all samples.

    Of samples in TPM, a gene has to reach what 10 reads are at the median depth of the samples in
    counts (10 / reads * 1e6, as CPM; at 20 million reads, 0.5, where all samples are in TPM). For a
    gene of average length TPM and CPM are equal; shorter genes are kept more easily in TPM, longer
    ones less. A gene without a value in a sample does not reach it.

    Parameters
    ----------
    sources
        The training samples, with `Source.only` where they are fewer than all.
    at_once
        How many samples to read at once.

    Returns
    -------
    DataFrame, a row for each gene that stands in all sources, in alphabetical order
        gene, reached and missing (shares of all samples), kept (bool).

    Raises
    ------
    LacunaError
        If the sources have no gene in common, or a value does not fit its unit.
    """
    if not sources:
        raise ValueError("no sources")
    genes = sources[0].genes
    for source in sources[1:]:
        genes = genes.intersection(source.genes)
    genes = genes.sort_values()
    if genes.empty:
        raise LacunaError(
            f"{listed(source.expression.path for source in sources)} have no gene in common; "
            "expected human genes in all of them."
        )
    least_tpm = LEAST_COUNT / _median_reads(sources) * MILLION
    reached, missing = np.zeros(len(genes), int), np.zeros(len(genes), int)
    for source in sources:
        for names, values in source.blocks(genes, at_once):
            per_read = source.samples.loc[names, "per_read"].to_numpy()[:, np.newaxis]
            least = LEAST_COUNT * per_read if source.unit == "counts" else least_tpm
            reached += (values >= least).sum(axis=0)  # False for NaN
            missing += np.isnan(values).sum(axis=0)
    total = sum(len(source.samples) for source in sources)
    return pd.DataFrame(
        {
            "gene": genes,
            "reached": reached / total,
            "missing": missing / total,
            "kept": reached >= LEAST_SHARE * total,
        }
    )


def check_unit(expression: Expression, samples: pd.Index, values: np.ndarray, unit: str) -> None:
    """Refuse values that are not what was declared.

    Counts are whole numbers, however large: base coverage, which recount2 gives as counts, is
    whole, too. TPM of a sample sums to about a million.

    Parameters
    ----------
    expression
        Where they stand, for the message.
    samples, values : shape (samples, genes)
        A block of it; NaN is no value.
    unit
        counts or tpm.

    Raises
    ------
    LacunaError
        Naming the file, the sample and what was expected.
    """
    sums = np.nansum(values, axis=1)
    if (values < 0).any():
        sample, gene = np.argwhere(values < 0)[0]
        raise LacunaError(
            f"{expression.path}: sample {samples[sample]!r}, gene {expression.genes[gene]!r} is "
            f"{values[sample, gene]:g}; expected {unit}, which are never negative. Give the values "
            "before any logarithm or centring."
        )
    if unit == "counts":
        _check_counts(expression, samples, values, sums)
        return
    wrong = np.flatnonzero((sums < TPM_SUMS[0]) | (sums > TPM_SUMS[1]))
    if len(wrong):
        raise LacunaError(
            f"{expression.path}: sample {samples[wrong[0]]!r} sums to {sums[wrong[0]]:,.0f} (so in "
            f"{len(wrong)} of {len(samples)} samples read); expected TPM, which sum to about a "
            f"million ({TPM_SUMS[0]:,.0f} to {TPM_SUMS[1]:,.0f}). If these are counts, declare "
            "them so; if logarithms or a part of the genes, give the whole TPM."
        )


def _check_counts(
    expression: Expression, samples: pd.Index, values: np.ndarray, sums: np.ndarray
) -> None:
    fractions = np.argwhere(values % 1 > 0)  # NaN % 1 is NaN, and not > 0
    if len(fractions):
        sample, gene = fractions[0]
        total = sums[sample]
        tpm = TPM_SUMS[0] <= total <= TPM_SUMS[1]
        advice = (
            f"The sample sums to {total:,.0f}: these look like TPM; declare them so (unit: tpm)."
            if tpm
            else "If they are expected counts of RSEM, Salmon or kallisto, round them yourself."
        )
        raise LacunaError(
            f"{expression.path}: sample {samples[sample]!r}, gene {expression.genes[gene]!r} is "
            f"{values[sample, gene]:g}; expected counts, which are whole numbers. {advice}"
        )
    if len(sums) >= ROUNDED_SAMPLES and (np.abs(sums - MILLION) <= ROUNDED * MILLION).all():
        raise LacunaError(
            f"{expression.path}: sample {samples[0]!r} sums to {sums[0]:,.0f}, and so do all "
            f"{len(sums)} samples read with it; expected counts, whose sums differ. They look like "
            "rounded TPM or CPM: give the counts, or the TPM unrounded (unit: tpm)."
        )


def _symbols(expression: Expression, genes: GeneTable) -> tuple[np.ndarray, int]:
    """Give a symbol (or NaN) for each gene of a file, and how many have none."""
    known = {"ensembl": genes.ensembl, "entrez": genes.entrez}
    ids = known.get(kind_of(expression.genes, expression.path))
    if ids is not None and ids.empty and expression.symbols is not None:
        # Without a table of these ids, what the file itself gives as symbols is what there is.
        given = pd.Series(expression.symbols, dtype=object).replace("", np.nan)
        genes.to_symbols(given.dropna(), expression.path)  # refuses what are no symbols
        return given.to_numpy(), int(given.isna().sum())
    names, _, unmapped = genes.to_symbols(expression.genes, expression.path)
    return names, unmapped


def _describe(expression: Expression, unit: str) -> pd.DataFrame:
    """Add study, per_read and reads to what is known of the samples; look at some values."""
    samples = expression.samples
    given = samples.get("unit", pd.Series("", index=samples.index)).astype(object)
    given = given.fillna("").astype(str).str.lower()
    others = [other for other in UNITS if other != unit]
    wrong = samples.index[given.str.startswith(tuple(others))]
    if len(wrong):
        raise LacunaError(
            f"{expression.path}: its table of samples says {samples.loc[wrong[0], 'unit']!r} of "
            f"sample {wrong[0]!r} ({len(wrong)} samples), and {unit} were declared; expected one "
            "unit in a file. Declare the other, or give these samples in a file of their own."
        )
    spread = samples.index[np.unique(np.linspace(0, len(samples) - 1, LOOKED_AT).astype(int))]
    for names, values in expression.blocks(spread):
        check_unit(expression, names, values, unit)
    per_read = np.where(given.str.contains(COVERAGE, regex=False), BASES_PER_READ, 1)
    samples = samples.assign(study=studies_of(expression), per_read=per_read)
    return samples.assign(reads=_reads(expression, unit, per_read))


def studies_of(expression: Expression) -> pd.Series:
    """Return the study of each sample, by whichever column says it; NaN without any."""
    named = [column for column in STUDY if column in expression.samples]
    if not named:
        return pd.Series(np.nan, index=expression.samples.index, dtype=object)
    return expression.samples[named[0]].astype(object)


def _reads(expression: Expression, unit: str, per_read: np.ndarray) -> pd.Series:
    """Give the reads of each sample, NaN for TPM."""
    samples = expression.samples
    if unit != "counts":
        return pd.Series(np.nan, index=samples.index)
    if READS in samples:
        reads = pd.to_numeric(samples[READS], errors="coerce")
        if reads.isna().any():
            first = samples.index[reads.isna()][0]
            raise LacunaError(
                f"{expression.path}: sample {first!r} has {samples.loc[first, READS]!r} reads "
                f"({int(reads.isna().sum())} samples have no number); expected one for each, or "
                "no column reads, so that its counts are summed."
            )
        return reads.astype(float)
    totals = []
    for names, values in expression.blocks():
        check_unit(expression, names, values, unit)
        totals.append(np.nansum(values, axis=1))
    return pd.Series(np.concatenate(totals) / per_read, index=samples.index)


def _median_reads(sources: Sequence[Source]) -> float:
    counted = [source.samples[READS] for source in sources if source.unit == "counts"]
    return float(pd.concat(counted).median()) if counted else USUAL_READS


def _sum_by_place(values: np.ndarray, places: np.ndarray, genes: int) -> np.ndarray:
    """Sum the columns that go to the same place; what has no value counts only if none has."""
    order = np.argsort(places, kind="stable")
    order = order[np.searchsorted(places[order], 0) :]  # those of -1 stand first
    starts = np.searchsorted(places[order], np.arange(genes))
    chosen = values[:, order]
    if len(order) == genes:
        return chosen
    missing = np.isnan(chosen)
    sums = np.add.reduceat(np.where(missing, 0, chosen), starts, axis=1)
    sums[np.logical_and.reduceat(missing, starts, axis=1)] = np.nan
    return sums
