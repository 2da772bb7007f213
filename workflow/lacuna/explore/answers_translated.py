"""What translated profiles say of a gene that the landmarks do not have."""

from pathlib import Path

import pandas as pd

from lacuna.errors import LacunaError, did_you_mean
from lacuna.explore.answers import Answer, Table
from lacuna.translation.gene_list import read_gene_list

GENES = "translation/genes.tsv"
SEARCHES = "translation/signatures/*/gene_search.parquet"
SHOWN = [
    *("direction", "place", "drug", "name", "type", "cell", "dose", "time"),
    *("fold_change", "low", "high", "cd"),
]
BY = "cd"  # the measure whose places are shown
INFERRED = (
    "From L1000 wells that were translated to RNA-seq: genes that are no landmark are inferred, "
    "not measured; see docs/translation.md."
)


def has_search(folder: Path) -> bool:
    """Return whether a run made a search by gene of translated profiles."""
    return any(folder.glob(SEARCHES))


def translated_answer(folder: Path, gene: str, cells: tuple[str, ...], top: int) -> Answer:
    """Name the signatures of translated wells in which a gene is raised and lowered most.

    Parameters
    ----------
    folder
        results/{dataset}.
    gene
        Its symbol, in any case.
    cells
        Names of cells to keep; all without any.
    top
        How many in each direction, of each series.

    Returns
    -------
    Answer
        Tables up and down: those of `SHOWN` that the search has, and series.

    Raises
    ------
    LacunaError
        If the translation has no such gene, or the library to read it is not installed.
    """
    symbol = _symbol(folder, gene)
    found = []
    for path in sorted(folder.glob(SEARCHES)):
        rows = _read(path, symbol)
        rows = rows[rows["by"] == BY]
        if cells:
            rows = rows[rows["cell"].str.casefold().isin([cell.casefold() for cell in cells])]
        rows = rows.groupby("direction", sort=False).head(top)
        known = [column for column in SHOWN if column in rows]
        found.append(rows[known].assign(series=path.parent.name))
    table = pd.concat(found, ignore_index=True)
    tables = {
        direction: Table(
            f"{'raised' if direction == 'up' else 'lowered'} most, translated wells",
            table[table["direction"] == direction].reset_index(drop=True),
            ("direction",),
        )
        for direction in ("up", "down")
    }
    facts = {"run": folder.name, "symbol": symbol}
    return Answer(f"{symbol} in translated profiles", facts, tables, [INFERRED])


def _symbol(folder: Path, gene: str) -> str:
    genes = read_gene_list(folder / GENES)["gene"].astype(str)
    alike = genes[genes.str.casefold() == gene.strip().casefold()]
    if alike.empty:
        raise LacunaError(
            f"no gene {gene!r}{did_you_mean(gene.strip(), genes)} among the {len(genes):,} of the "
            "translation."
        )
    return str(alike.iloc[0])


def _read(path: Path, symbol: str) -> pd.DataFrame:
    try:
        from lacuna.translation.search_tables import read_found
    except ModuleNotFoundError as error:
        raise LacunaError(
            f"{path}: cannot be read without {error.name}: pip install 'lacuna[translation]'."
        ) from error
    return read_found(path, symbol)
