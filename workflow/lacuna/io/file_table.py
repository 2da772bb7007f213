"""Tables with a row for each file, as of sources and of recorded checksums, read with care."""

import csv
import io
import re
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from lacuna.errors import LacunaError
from lacuna.io.untrusted import open_untrusted

T = TypeVar("T")


def read_rows(
    path: Path, keys: tuple[str, ...], columns: tuple[str, ...], remedy: str = ""
) -> dict[tuple[str, ...], dict]:
    """Read a tab-separated table of files.

    Parameters
    ----------
    path
        The table, in UTF-8.
    keys
        The columns that say together which file a row is of; the file's name is the last one.
    columns
        All that must be there; `bytes` and `sha256` among them.
    remedy
        What to do where one is missing.

    Returns
    -------
    dict of tuple of str to dict
        Rows by their keys, in the order of the table. `bytes` is an int, `sha256` in lower case;
        None where they are empty.

    Raises
    ------
    LacunaError
        When the table cannot be read, a column is missing, a file is named twice or not at all,
        `bytes` is no whole number, or `sha256` is not 64 hexadecimal digits.
    """
    try:
        return _parse_rows(path, keys, columns, remedy)
    except (csv.Error, UnicodeDecodeError) as error:
        raise LacunaError(
            f"{path}: not a tab-separated table in UTF-8 ({error}). Correct or restore it."
        ) from error


def _parse_rows(
    path: Path, keys: tuple[str, ...], columns: tuple[str, ...], remedy: str
) -> dict[tuple[str, ...], dict]:
    with open_untrusted(path, text=True) as content:
        table = io.TextIOWrapper(content, encoding="utf-8-sig", newline="")
        reader = csv.DictReader(table, delimiter="\t", restval="")
        if missing := [column for column in columns if column not in (reader.fieldnames or ())]:
            raise LacunaError(
                f"{path}: missing column(s) {', '.join(missing)} in the first line{remedy}"
            )
        rows: dict[tuple[str, ...], dict] = {}
        for row in reader:
            where = f"{path}, line {reader.line_num}"
            if None in row:
                raise LacunaError(f"{where}: more cells than the first line has columns")
            if empty := next((column for column in keys if not row[column]), None):
                raise LacunaError(f"{where}, column {empty}: '' is empty")
            key = tuple(row[column] for column in keys)
            if key in rows:
                raise LacunaError(f"{where}, column {keys[-1]}: {key[-1]!r} is named twice")
            row["bytes"] = _parse(
                row["bytes"], r"[0-9]{1,18}", "a whole number", int, f"{where}, column bytes"
            )
            row["sha256"] = _parse(
                row["sha256"],
                r"[0-9a-fA-F]{64}",
                "64 hexadecimal digits",
                str.lower,
                f"{where}, column sha256",
            )
            rows[key] = row
    return rows


def _parse(
    cell: str, pattern: str, expected: str, convert: Callable[[str], T], where: str
) -> T | None:
    if not cell:
        return None
    if not re.fullmatch(pattern, cell):
        raise LacunaError(f"{where}: {cell!r} is not {expected}")
    return convert(cell)
