"""Tables as tab-separated text."""

import gzip
import unicodedata
import zlib
from collections.abc import Hashable, Iterable
from pathlib import Path

import pandas as pd

from lacuna.io.atomic import UNREADABLE, explain_read_errors, write_whole
from lacuna.io.names import INVISIBLE

# A cell that begins so is run as a formula by spreadsheets, whatever unseen stands before it.
FORMULA = tuple("=+-@")
# What `write_table` writes for numbers and truth values; 007, +7, 1e5 and NaN are names.
NUMBER = r"-?(0|[1-9]\d*)(\.\d+)?(e[+-]\d+)?|-?inf|True|False"
# Columns of names that may all look like numbers, as Entrez ids do.
NAMES = {
    "drug",
    "ids",
    "cell",
    "gene",
    "name",
    "plate",
    "batch",
    "group",
    "setting",
    "profile_type",
    *("label", "given", "into", "reference"),
    "in_tensor",
} | {*("atc_codes", "targets", "mechanisms")}


def read_table(path: str | Path) -> pd.DataFrame:
    """Read a table that `write_table` wrote; names stay text, even NA or 007.

    A column holds numbers (or truth values) if every field is written as `write_table` writes them,
    or empty. All other columns are text, and so are those called as in `NAMES`: a new column of
    names needs an entry there only if all of its names may be plain numbers.

    Raises
    ------
    DamagedFile
        If it is no such table.
    LacunaError
        If it is missing, or cannot be read for want of permission or memory.
    """
    with explain_read_errors(path, (*UNREADABLE, EOFError, zlib.error)):
        texts = pd.read_csv(path, sep="\t", dtype=str, keep_default_na=False, na_values=[""])
        is_text = [
            column in NAMES or not texts[column].dropna().str.fullmatch(NUMBER).all()
            for column in texts
        ]
        as_text: dict[Hashable, type[str]] = dict.fromkeys(texts.columns[is_text], str)
        return pd.read_csv(path, sep="\t", dtype=as_text, keep_default_na=False, na_values=[""])


def write_table(table: pd.DataFrame, path: str | Path) -> None:
    """Write a data frame as a tab-separated file, gzipped if its name ends with .gz.

    The index is left out, and floats have six digits. The file appears whole or not at all.

    Raises
    ------
    UnwritableFile
        If the disk is full, or the folder may not be written to.
    """
    path = Path(path)
    with write_whole(path) as unfinished:
        text = table.to_csv(sep="\t", index=False, float_format="%.6g").encode()
        # gzip without a name and a time stamp, so that equal tables are equal files.
        unfinished.write_bytes(gzip.compress(text, mtime=0) if path.suffix == ".gz" else text)


def write_blocks(blocks: Iterable[pd.DataFrame], path: str | Path) -> None:
    """Write a table that is too large for memory as gzipped, tab-separated text, block by block.

    Parameters
    ----------
    blocks
        Its rows, in order; all blocks have the same columns. As `write_table` writes them.
    path
        The file, which appears whole or not at all. Every block is a gzip member, which gzip and
        pandas read as one file.

    Raises
    ------
    UnwritableFile
        If the disk is full, or the folder may not be written to.
    """
    with write_whole(path) as unfinished, unfinished.open("wb") as file:
        for number, block in enumerate(blocks):
            text = block.to_csv(sep="\t", index=False, header=number == 0, float_format="%.6g")
            file.write(gzip.compress(text.encode(), mtime=0))


def guard_formulas(table: pd.DataFrame) -> pd.DataFrame:
    """Put an apostrophe before texts that a spreadsheet would run as a formula.

    Only for tables that people open and no program reads again: names change, so tables can no
    longer be joined by them. Numbers stay numbers, negative ones too.
    """
    texts = table.select_dtypes(["object", "string", "category"]).columns
    guarded = table.assign(**{name: table[name].astype(object).map(_guard) for name in texts})
    return guarded.rename(columns=_guard)


def _guard(value: object) -> object:
    if not isinstance(value, str):
        return value
    # Signs of full width are the same to a spreadsheet, and to NFKC.
    seen = INVISIBLE.sub("", unicodedata.normalize("NFKC", value)).lstrip()
    return f"'{value}" if seen.startswith(FORMULA) or value[:1] in "\t\r\n" else value
