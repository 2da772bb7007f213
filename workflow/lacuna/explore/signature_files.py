"""A signature as a user's files have it: genes that go up and down, or a value for each."""

import csv
import io
import math
import re
from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from lacuna.errors import LacunaError, listed
from lacuna.io.gmt import read_gmt
from lacuna.io.untrusted import CONTROL, decode, open_untrusted

LARGEST = 2**24  # bytes of a list of genes; all symbols of a genome take 0.5 MB
# What stands above a column of genes, in lower case.
HEADINGS = ("gene", "genes", "symbol", "gene_symbol", "gene_id", "gene_name", "entrez", "ensembl")


def read_genes(path: Path) -> list[str]:
    """Read names of genes, each once.

    Parameters
    ----------
    path
        Text, plain or gzipped: names, one a line or separated by tabs, commas or blanks; a line
        that begins with # is a remark. Or .gmt, with one set.

    Raises
    ------
    LacunaError
        If the file is missing, no text, empty, or holds several sets.
    """
    if path.name.lower().endswith((".gmt", ".gmt.gz")):
        sets = read_gmt(path)
        if len(sets) > 1:
            raise LacunaError(
                f"{path}: holds {len(sets)} sets ({listed(sets)}); expected one. Give a file with "
                "one of them."
            )
        return next(iter(sets.values()))
    names = [name for _, line in _lines(path) for name in re.split(r"[\s,;]+", line)]
    names = [name.strip('"') for name in names if name.strip('"')]
    if len(names) > 1 and names[0].casefold() in HEADINGS:
        names = names[1:]
    if not names:
        raise LacunaError(f"{path}: names no gene; expected one a line.")
    return list(dict.fromkeys(names))


def read_values(path: Path) -> pd.Series:
    """Read a value for each gene: a fold change, a z-score, a coefficient.

    Parameters
    ----------
    path
        Text, plain or gzipped: gene and value in the first two columns, separated by tabs, commas,
        semicolons or blanks, with or without a line of headings; # begins a remark.

    Returns
    -------
    Series of float
        By gene, in the file's order.

    Raises
    ------
    LacunaError
        If the file is missing, no text or empty, a line has no finite value, or a gene stands
        twice.
    """
    values: dict[str, float] = {}
    line_of: dict[str, int] = {}
    for count, (number, fields) in enumerate(_rows(path)):
        if len(fields) < 2:
            raise LacunaError(
                f"{path}: line {number} has one field, {fields[0][:40]!r}; expected a gene and its "
                "value, separated by a tab or a comma."
            )
        name, text = fields[:2]
        value = _number(text)
        if value is None and count == 0:
            continue  # headings
        if value is None or not math.isfinite(value):
            raise LacunaError(
                f"{path}: line {number}, gene {name!r}: expected a number in the second column, "
                f"not {text[:40]!r}. Leave genes without a value out."
            )
        if name.casefold() in line_of:
            raise LacunaError(
                f"{path}: line {number}: {name!r} stands in line {line_of[name.casefold()]} "
                "already; expected each gene once. Remove one, or give their mean."
            )
        values[name], line_of[name.casefold()] = value, number
    if not values:
        raise LacunaError(f"{path}: names no gene; expected a line for each, with its value.")
    return pd.Series(values, dtype=float)


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _rows(path: Path) -> Iterator[tuple[int, list[str]]]:
    """Yield the fields of each line, with its number."""
    for number, line in _lines(path):
        separator = next((mark for mark in ("\t", ",", ";") if mark in line), None)
        if separator:
            fields = next(csv.reader(io.StringIO(line), delimiter=separator))
        else:
            fields = line.split()
        yield number, [field.strip() for field in fields]


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    """Yield the lines that are no remarks, with their numbers."""
    for number, line in enumerate(_text(path).splitlines(), start=1):
        stripped = line.strip(" ")
        if not stripped.strip() or stripped.startswith("#"):
            continue
        if re.search(CONTROL, stripped.replace("\t", "")):
            raise LacunaError(
                f"{path}: line {number} holds a control character; expected text with names of "
                "genes."
            )
        yield number, stripped


def _text(path: Path) -> str:
    if not path.is_file():
        kind = "is a folder" if path.is_dir() else "no such file"
        raise LacunaError(f"{path}: {kind}; expected a file with names of genes.")
    with open_untrusted(path, text=True) as file:
        content = file.read(LARGEST + 1)
    if len(content) > LARGEST:
        raise LacunaError(f"{path}: holds more than {LARGEST:,} bytes; expected a list of genes.")
    return decode(content).removeprefix("\ufeff")
