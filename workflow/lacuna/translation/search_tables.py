"""The tables of the search by gene: written for programs and people, and cut for a figure."""

import gzip
import io
from collections.abc import Collection, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from lacuna.errors import LacunaError, did_you_mean, listed
from lacuna.io.atomic import UNREADABLE, explain_read_errors, write_whole
from lacuna.translation.gene_search import FOUND

if TYPE_CHECKING:  # runs that do not translate go without this extra
    import pyarrow as pa

LEVEL = 6  # of gzip: the highest takes three times as long for a few percent


def write_search(
    tables: Iterable[pd.DataFrame], parquet: str | Path, tsv: str | Path | None = None
) -> None:
    """Write the tables of a search below one another; equal ones give equal files.

    Parameters
    ----------
    tables
        As `lacuna.translation.gene_search.GeneSearch.tables` yields them.
    parquet
        The file for programs: a row group per block of genes, in their order.
    tsv
        The file for people, optional; gzipped if its name ends with .gz. Floats have six digits.

    Raises
    ------
    LacunaError
        If there is no table.
    UnwritableFile
        If the disk is full, or a folder may not be written to.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq
    from pyarrow import csv

    # The header is written apart: Arrow puts it into quotes.
    tab_separated = csv.WriteOptions(include_header=False, delimiter="\t", quoting_style="needed")
    with ExitStack() as stack:
        binary = stack.enter_context(write_whole(parquet))
        text = stack.enter_context(_write_text(Path(tsv))) if tsv is not None else None
        writer = None
        for table in tables:
            if writer is None:
                schema = _schema(table)
                writer = stack.enter_context(pq.ParquetWriter(binary, schema, compression="zstd"))
            if text is not None:
                if text.tell() == 0:
                    text.write("\t".join(table.columns).encode() + b"\n")
                csv.write_csv(_for_people(table), text, tab_separated)
            writer.write_table(pa.Table.from_pandas(table, schema, preserve_index=False))
        if writer is None:
            raise LacunaError(f"{parquet}: there is no gene to write; expected at least one.")


def _for_people(table: pd.DataFrame) -> "pa.Table":
    """Return the table with floats of six digits, and True and False as pandas writes them."""
    import pyarrow as pa

    shown: dict[str, np.ndarray | pd.Series] = {}
    for column in table.columns:
        values = table[column]
        if values.dtype.kind == "f":
            shown[column] = _six_digits(values.to_numpy(np.float64))
        else:
            shown[column] = values.astype(str) if values.dtype.kind == "b" else values
    return pa.Table.from_pandas(pd.DataFrame(shown), preserve_index=False)


def _six_digits(values: np.ndarray) -> np.ndarray:
    """Round to six digits. A whole number over a power of ten is the number nearest to it."""
    with np.errstate(divide="ignore", invalid="ignore"):
        places = 5 - np.floor(np.log10(np.abs(values)))
        scale = 10.0 ** np.abs(places)
        rounded = np.where(
            places >= 0, np.rint(values * scale) / scale, np.rint(values / scale) * scale
        )
    return np.where(values == 0, 0.0, rounded)


def _schema(table: pd.DataFrame) -> "pa.Schema":
    """Return the types of the columns; of a text that no row of the first table has, too."""
    import pyarrow as pa

    types = [
        pa.string() if table[column].dtype == object else pa.from_numpy_dtype(table[column].dtype)
        for column in table
    ]
    return pa.schema(list(zip(table.columns, types, strict=True)))


@contextmanager
def _write_text(path: Path) -> Iterator[io.BufferedIOBase]:
    with write_whole(path) as unfinished, unfinished.open("wb") as file:
        if path.suffix == ".gz":
            # Without a name and a time stamp, so that equal tables are equal files.
            with gzip.GzipFile("", "wb", LEVEL, fileobj=file, mtime=0) as packed:
                yield packed
        else:
            yield file


def read_found(path: str | Path, gene: str) -> pd.DataFrame:
    """Read what a search found for one gene; other blocks of genes stay in the file.

    Parameters
    ----------
    path
        The file for programs that `write_search` wrote.
    gene
        Its symbol, as the search spells it.

    Returns
    -------
    DataFrame
        As `lacuna.translation.gene_search.GeneSearch.tables` yields them; no row where the search
        has no such gene.

    Raises
    ------
    DamagedFile
        If the file is cut short or damaged.
    LacunaError
        If the file is missing.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    with explain_read_errors(path, (*UNREADABLE, pa.ArrowException)):
        return pq.read_table(path, filters=[("gene", "==", gene)]).to_pandas()


def volcano_points(
    tables: Iterable[pd.DataFrame],
    genes: Collection[str],
    cells: Collection[str] | None = None,
    types: Collection[str] | None = None,
) -> pd.DataFrame:
    """Return the signatures found for some genes, each once, for the volcano plot.

    Parameters
    ----------
    tables
        As `lacuna.translation.gene_search.GeneSearch.tables` yields them.
    genes
        The genes shown, in their order.
    cells, types
        Cell lines and types of perturbation (trt_cp, trt_xpr, ...) to keep; None for all.

    Returns
    -------
    DataFrame
        The tables' columns but direction, by and place; best_place: the best of the places.

    Raises
    ------
    LacunaError
        If no table has one of the genes.
    """
    order = {gene: place for place, gene in enumerate(dict.fromkeys(genes))}
    parts, known = [pd.DataFrame(columns=FOUND)], set()
    for table in tables:
        known |= set(table["gene"])
        parts.append(table[table["gene"].isin(order)])
    found = pd.concat(parts[1:] or parts, ignore_index=True)
    if missing := [gene for gene in order if gene not in known]:
        hint = did_you_mean(missing[0], known)
        raise LacunaError(
            f"the search has no gene {listed(missing)}{hint}; expected symbols of the model's "
            "genes."
        )
    if cells is not None:
        found = found[found["cell"].isin(cells)]
    if types is not None:
        found = found[found["type"].isin(types)]
    key = ["gene", "signature"]
    best = found.groupby(key)["place"].min().rename("best_place")
    once = found.drop_duplicates(key).drop(columns=["direction", "by", "place"])
    once = once.merge(best, left_on=key, right_index=True, how="left")
    return once.sort_values("gene", key=lambda names: names.map(order), kind="stable")
