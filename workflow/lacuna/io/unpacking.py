"""Brings a matrix of any layout into a GCTX, which the rest of a run reads."""

from pathlib import Path

from lacuna.errors import LacunaError
from lacuna.io.convert import write_as_gctx
from lacuna.io.expression import is_hdf5, layout_of, open_matrix
from lacuna.io.gctx_matrix import GctxMatrix
from lacuna.io.geo import read_columns, unpack
from lacuna.io.signature_table import read_top, write_signatures
from lacuna.io.text_header import BOM, GCT
from lacuna.io.untrusted import is_gzip, open_untrusted

IDS = {"id": ("inst_id", "sig_id")}


def unpack_matrix(
    source: str | Path,
    destination: str | Path,
    table: str | Path | None = None,
    *,
    by_line: bool = False,
) -> None:
    """Link to a GCTX, decompress one, or write one from a matrix of another layout.

    Parameters
    ----------
    source
        GCTX, plain or gzipped; GCT 1.2 or 1.3, or a table separated by tabs or commas, plain or
        gzipped; or h5ad. What it holds counts, not its name.
    destination
        The GCTX.
    table
        inst_info or sig_info, which says what wells, or signatures, are called. A matrix of text
        that has such ids above its values is one of genes x wells; one that has them before its
        values, a well a line, is turned.
    by_line
        Whether a matrix of text has a signature in each line where `table` does not tell.

    Raises
    ------
    DamagedFile
        If the file is cut short or damaged.
    LacunaError
        If it is missing, in no layout that is known, or an id stands twice; it names the line where
        there are lines.
    UnwritableFile
        If the disk is full, or the folder may not be written to.
    """
    source, destination = Path(source), Path(destination)
    if not is_hdf5(source):
        if not _is_gct(source) and _has_ids_before(source, table, by_line):
            write_signatures(source, destination)
            return
    elif is_gzip(source):
        unpack(source, destination)
        _check_unpacked(source, destination)
        return
    elif layout_of(source) is GctxMatrix:
        unpack(source, destination)
        return
    with open_matrix(source) as matrix:
        write_as_gctx(matrix, destination)


def _is_gct(path: Path) -> bool:
    with open_untrusted(path, text=True) as file:
        return file.read(len(BOM) + len(GCT)).removeprefix(BOM).startswith(GCT)


def _has_ids_before(path: Path, table: str | Path | None, otherwise: bool) -> bool:
    """Return whether wells stand before the values of a matrix of text, and not above them."""
    if table is None:
        return otherwise
    ids = set(read_columns(table, IDS, exact=IDS)["id"].dropna())
    top = read_top(path)
    if 2 * len(ids.intersection(top.names)) > len(top.names):
        return False
    return True if top.first in ids else otherwise


def _check_unpacked(source: Path, unpacked: Path) -> None:
    try:
        if layout_of(unpacked) is GctxMatrix:
            return
    except LacunaError as error:
        unpacked.unlink()
        raise LacunaError(f"{source}: what comes out of it is no GCTX. {error}") from error
    unpacked.unlink()
    raise LacunaError(
        f"{source}: is HDF5 in gzip, and no GCTX; of other layouts a plain file is read. "
        f"Decompress it first: gunzip {source.name}."
    )
