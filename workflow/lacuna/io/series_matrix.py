"""Reads a series of arrays as GEO gives it: the series matrix, and the table of its platform.

Written for GSE116436 (Monks et al. 2018, doi:10.1158/0008-5472.CAN-18-0989): 15 drugs in 60 cell
lines, on Affymetrix GPL571.
"""

import io
from collections.abc import Iterator
from pathlib import Path
from typing import IO, NamedTuple

import numpy as np
import pandas as pd

from lacuna.errors import DamagedFile, LacunaError, listed
from lacuna.io.external import External, external_of, spell_pairs
from lacuna.io.odd_rows import Account, note, tell
from lacuna.io.quantities import read_doses, read_times
from lacuna.io.untrusted import LONGEST_HEADER, decode, open_untrusted

HOURS = 24.0  # of the samples that are read: the time of most of LINCS
LARGEST_LOG2 = 30  # arrays count to 2^16, and no log2 of an intensity comes near this
LEAST_DRUGS = 5  # in a cell: with fewer, a standard deviation over drugs says little
SMALLEST = 1e-6  # of a standard deviation: below lies what rounding leaves
AT_ONCE = 2**26  # bytes of rows in memory
BEGIN, END = "!series_matrix_table_begin", "!series_matrix_table_end"
PROBE, SYMBOL = "id", "gene symbol"
PARTS = ("cell", "drug", "dose", "time")  # of a title: MCF7_cisplatin_15000nM_24h
# What samples say of themselves ("cell line: MCF7"), where titles do not.
CHARACTERISTICS = {
    "cell": ("cell line", "cell"),
    "drug": ("drug", "compound", "agent", "treatment"),
    "dose": ("dose", "concentration"),
    "time": ("time", "time point", "duration"),
}
NO_NUMBER = ["", "null", "NULL", "NA", "NaN", "nan"]


class Preamble(NamedTuple):
    """What stands above the numbers.

    Attributes
    ----------
    name : str
        The accession of the series.
    samples : DataFrame
        cell, drug, dose (micromolar) and time (hours) of each sample, in the order of the columns.
    """

    name: str
    samples: pd.DataFrame


def read_series_matrix(
    series_matrix: str | Path, platform: str | Path, genes: pd.DataFrame
) -> External:
    """Read what drugs change after `HOURS` hours, in each cell, from arrays on the log2 scale.

    The change of a gene is a difference of means over samples, treated (any dose but 0) less
    untreated (dose 0) of the same drug, cell and time:

        change = mean(log2 treated) - mean(log2 untreated)

    since the difference of logarithms is the logarithm of the ratio. A gene's value is the mean of
    its probes; their sum would weigh a gene by how many probes the array has for it. A probe of
    several genes of the tensor is of none. Then each gene is standardised over the drugs of a cell,
    all at once, as L1000's z-scores are relative to the wells beside them:

        z = (change - mean over drugs) / (standard deviation over drugs)

    The authors' code (umarov90/DeepCellState) takes the logarithm of the ratio of values that are
    logarithms already, sums probes, takes untreated samples of all times, and standardises drug by
    drug in place, with drugs among the others that are standardised already; none of it is
    repeated here.

    Parameters
    ----------
    series_matrix
        Plain or gzipped. Titles of samples say cell, drug, dose and time, with "_" between; or
        their characteristics do.
    platform
        A table of probes, plain or gzipped: GEO's annotation, its SOFT, or the table alone, with
        the columns ID and Gene Symbol (several symbols apart by "///").
    genes
        gene and symbol, in the tensor's order.

    Returns
    -------
    External
        Drugs and cells in the order of the samples. Cells with fewer than `LEAST_DRUGS` drugs are
        left out; where every cell has fewer, none is standardised.

    Raises
    ------
    DamagedFile
        If the matrix ends before its table does.
    LacunaError
        If there is no table of numbers, a sample has no cell, drug, dose or time, none is of
        `HOURS` hours, or treated and untreated, the platform lacks a column or knows no probe of
        the matrix, no probe is of a gene of the tensor, or values are no numbers, or not on the
        log2 scale.
    """
    account: Account = []
    gene_of = read_probes(platform, genes["symbol"])
    with open_untrusted(series_matrix, text=True) as file:
        preamble = read_preamble(file, series_matrix)
        samples = preamble.samples
        chosen = np.flatnonzero(samples["time"] == HOURS)
        if not len(chosen):
            raise LacunaError(
                f"{series_matrix}: no sample was taken after {HOURS:g} h, but after "
                f"{listed(f'{time:g} h' for time in sorted(samples['time'].unique()))}. Give log "
                "fold changes as profiles."
            )
        values = _read_values(file, series_matrix, platform, gene_of, len(samples), chosen)
    samples = spell_pairs(samples.iloc[chosen].reset_index(drop=True), account)
    changes = _changes(values, samples, series_matrix, account)
    changes = _standardise(changes, account)
    tell(series_matrix, account)
    placed = changes.T.reindex(genes["symbol"]).T
    measured = placed.notna().any().to_numpy()
    pairs = placed.index.to_frame(index=False)
    return external_of(series_matrix, placed.fillna(0).to_numpy(), measured, pairs, preamble.name)


def read_probes(path: str | Path, symbols: pd.Series) -> pd.Series:
    """Read which gene each probe measures.

    Parameters
    ----------
    path
        See `read_series_matrix`.
    symbols
        Of the tensor's genes. Of several symbols of a probe, the one that is among them counts;
        the probe is left out where several are.

    Returns
    -------
    Series of str
        Symbol by probe; None of probes that count for no gene of the tensor.

    Raises
    ------
    LacunaError
        If it has no such columns, or no probe is of a gene of the tensor.
    """
    known = set(symbols.dropna())
    found: dict[str, str | None] = {}
    place: tuple[int, int] | None = None
    with open_untrusted(path, text=True) as file:
        for fields in _lines(file):
            first = fields[0]
            if first.startswith(("!", "#", "^")):
                if first.startswith("!platform_table_end"):
                    break
                continue
            if place is None:
                names = [name.strip().casefold() for name in fields]
                if PROBE not in names or SYMBOL not in names:
                    raise LacunaError(
                        f"{path}: no columns ID and Gene Symbol; it has {listed(fields, 20)}. "
                        "Expected the platform's table of probes, as GEO gives it."
                    )
                place = names.index(PROBE), names.index(SYMBOL)
            elif len(fields) > max(place):
                named = {symbol.strip() for symbol in fields[place[1]].split("///")} & known
                found[fields[place[0]]] = named.pop() if len(named) == 1 else None
    genes = pd.Series(found, dtype=object)
    if not genes.notna().any():
        raise LacunaError(
            f"{path}: none of its {len(genes):,} probes is of a gene of the tensor "
            f"({listed(symbols.dropna())}); expected a platform of the tensor's organism."
        )
    return genes


def read_preamble(file: IO[bytes], path: str | Path) -> Preamble:
    """Read the lines above the numbers; the file then stands at the names of the columns.

    Raises
    ------
    LacunaError
        If no table of numbers follows, or a sample does not say its cell, drug, dose and time.
    """
    name, titles, accessions = "", [], []
    said: list[list[str]] = []
    for fields in _lines(file):
        key, values = fields[0], fields[1:]
        if key == "!Series_geo_accession":
            name = values[0] if values else ""
        elif key == "!Sample_title":
            titles = values
        elif key == "!Sample_geo_accession":
            accessions = values
        elif key.startswith("!Sample_characteristics"):
            said.append(values)
        elif key == BEGIN:
            break
    else:
        raise LacunaError(
            f"{path}: no table of numbers (no line {BEGIN}); expected GEO's series matrix, "
            "GSE..._series_matrix.txt.gz."
        )
    if not titles:
        raise LacunaError(f"{path}: no line !Sample_title; expected GEO's series matrix.")
    texts = _describe(titles, said)
    shown = pd.Series(accessions if len(accessions) == len(titles) else titles) + (
        " (" + pd.Series(titles) + ")"
    )
    samples = pd.DataFrame(
        {
            "cell": texts["cell"],
            "drug": texts["drug"],
            "dose": read_doses(texts["dose"], pd.Series("um", texts.index)),
            "time": read_times(texts["time"]),
        }
    )
    for part in PARTS:
        without = shown[samples[part].isna().to_numpy()]
        if len(without):
            raise LacunaError(
                f"{path}: {len(without)} samples without a {part}, first {without.iloc[0]}; "
                "expected titles like MCF7_cisplatin_15000nM_24h (cell, drug, dose, time), or "
                "characteristics like 'cell line: MCF7', 'drug: cisplatin', 'dose: 15000 nM' and "
                "'time: 24 h'."
            )
    return Preamble(name or Path(path).name.partition("_")[0], samples)


def _describe(titles: list[str], said: list[list[str]]) -> pd.DataFrame:
    """Return what each sample says of its cell, drug, dose and time, as texts."""
    parts = [title.split("_") for title in titles]
    if all(len(each) == len(PARTS) for each in parts):
        return pd.DataFrame(parts, columns=list(PARTS), dtype=object).replace("", None)
    texts = pd.DataFrame(index=range(len(titles)), columns=list(PARTS), dtype=object)
    for line in said:
        for number, text in enumerate(line[: len(titles)]):
            key, _, value = text.partition(":")
            for part, names in CHARACTERISTICS.items():
                if key.strip().casefold() in names and value.strip():
                    texts.loc[number, part] = value.strip()
    return texts


def _read_values(
    file: IO[bytes],
    path: str | Path,
    platform: str | Path,
    gene_of: pd.Series,
    count: int,
    chosen: np.ndarray,
) -> pd.DataFrame:
    """Read the mean of each gene's probes; symbols down, the chosen samples across."""
    names = next(_lines(file), [])
    if len(names) != count + 1:
        raise LacunaError(
            f"{path}: the table of numbers has {len(names) - 1} samples, but {count} are described "
            "above it; expected as many."
        )
    sums = pd.DataFrame(dtype=np.float64)
    counts = sums
    known = rows = 0
    largest = -np.inf
    ended = False
    while not ended and (lines := file.readlines(AT_ONCE)):
        text = b"".join(lines)
        if (end := text.find(END.encode())) >= 0:
            text, ended = text[:end], True
        if not text.strip():
            continue
        block = _parse(text, path, count, chosen)
        rows += len(block)
        known += block.index.isin(gene_of.index).sum()
        gene = gene_of.reindex(block.index)
        block = block[gene.notna()]
        if len(block):
            largest = max(largest, np.nanmax(block.to_numpy(), initial=-np.inf))
            grouped = block.astype(np.float64).groupby(gene[gene.notna()].to_numpy())
            sums = sums.add(grouped.sum(), fill_value=0)
            counts = counts.add(grouped.count(), fill_value=0)
    if not ended:
        raise DamagedFile(Path(path), f"ends before its table does (no line {END}).")
    if not known:
        raise LacunaError(
            f"{path}: none of its {rows:,} probes stands in {platform}; expected the platform "
            "that the series names (!Sample_platform_id)."
        )
    if not len(sums):
        raise LacunaError(f"{path}: no probe is of a gene of the tensor, by {platform}.")
    if largest > LARGEST_LOG2:
        raise LacunaError(
            f"{path}: values up to {largest:,.4g}; expected intensities on the log2 scale, which "
            f"stay below {LARGEST_LOG2}. Take their log2, or give log fold changes as profiles."
        )
    return sums / counts.where(counts > 0)


def _parse(text: bytes, path: str | Path, count: int, chosen: np.ndarray) -> pd.DataFrame:
    try:
        block = pd.read_csv(
            io.BytesIO(text),
            sep="\t",
            header=None,
            names=range(count + 1),
            usecols=[0, *(chosen + 1)],
            dtype={0: str, **dict.fromkeys(chosen + 1, np.float32)},
            na_values={column: NO_NUMBER for column in chosen + 1},
            keep_default_na=False,
        )
    except ValueError as error:
        raise LacunaError(
            f"{path}: the table of numbers cannot be read ({error}); expected a number, or "
            "nothing, for each probe and sample."
        ) from error
    infinite = np.argwhere(np.isinf(block[chosen + 1].to_numpy()))
    if len(infinite):
        row = infinite[0][0]
        raise LacunaError(f"{path}: probe {block[0].iloc[row]!r}: a value is infinite.")
    return block.set_index(0)


def _changes(
    values: pd.DataFrame, samples: pd.DataFrame, path: str | Path, account: Account
) -> pd.DataFrame:
    """Return treated less untreated; drugs in cells down, symbols across."""
    key = [samples["drug"], samples["cell"]]
    by_sample = values.T.set_axis(samples.index, axis=0)
    treated, untreated = (
        by_sample[mask].groupby([each[mask] for each in key], sort=False).mean()
        for mask in (samples["dose"] > 0, samples["dose"] == 0)
    )
    both = treated.index[treated.index.isin(untreated.index)]
    alone = treated.index.symmetric_difference(untreated.index)
    lone = pd.Series([f"{drug} in {cell}" for drug, cell in alone], dtype=object)
    note(account, f"treated or untreated alone after {HOURS:g} h: left out", lone)
    if not len(both):
        raise LacunaError(
            f"{path}: no drug has treated and untreated samples (dose 0) of {HOURS:g} h in one "
            "cell; expected both. Give log fold changes as profiles."
        )
    return treated.loc[both] - untreated.loc[both]


def _standardise(changes: pd.DataFrame, account: Account) -> pd.DataFrame:
    """Standardise each gene over the drugs of a cell; see `read_series_matrix`."""
    cell = changes.index.get_level_values("cell")
    drugs = cell.value_counts()
    enough = drugs.index[drugs >= LEAST_DRUGS]
    if not len(enough):
        note(account, f"fewer than {LEAST_DRUGS} drugs: not standardised", pd.Series(drugs.index))
        return changes
    few = pd.Series(drugs.index[drugs < LEAST_DRUGS], dtype=object)
    note(account, f"cells of fewer than {LEAST_DRUGS} drugs: left out", few)
    kept = changes[cell.isin(enough)]
    by_cell = kept.groupby(level="cell")
    spread = by_cell.transform("std", ddof=0)
    varies = spread > SMALLEST
    standardised = (kept - by_cell.transform("mean")) / spread.where(varies)
    return standardised.where(varies | kept.isna(), 0.0)


def _lines(file: IO[bytes]) -> Iterator[list[str]]:
    """Give the fields of each line that is not blank, without quotes."""
    while line := file.readline(LONGEST_HEADER):
        text = decode(line).rstrip("\r\n")
        if text:
            yield [field.strip().strip('"') for field in text.split("\t")]
