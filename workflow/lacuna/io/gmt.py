"""Reads and writes GMT files: sets of genes, such as the targets of a transcription factor."""

import re
import sys
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path

from lacuna.errors import LacunaError
from lacuna.io.atomic import write_whole
from lacuna.io.names import tidy
from lacuna.io.untrusted import CONTROL, LONGEST_HEADER, open_untrusted

FEWEST_FIELDS = 3  # name, description and a gene
LARGEST = 2**27  # bytes of all sets; all of MSigDB take 30 MB


def read_gmt(path: str | Path) -> dict[str, list[str]]:
    """Read a GMT file: per line the set's name, a description and its genes, tab-separated.

    Parameters
    ----------
    path
        The file, UTF-8, plain or gzipped. Blank lines and empty fields behind the genes do no harm.

    Returns
    -------
    dict of lists of str
        Gene symbols by the set's name, in the file's order, each symbol once.

    Raises
    ------
    LacunaError
        When there is no such file, it is not text, too large or holds no set, a line has fewer
        than three fields, no name or a control character, or a name stands twice.
    """
    path = Path(path)
    sets: dict[str, list[str]] = {}
    line_of: dict[str, int] = {}
    for number, line in _lines(path):
        if not line.strip():
            continue
        name, *others = line.split("\t")
        name = tidy(name)
        # Most genes stand in many sets: each name is kept once.
        genes = list(dict.fromkeys(sys.intern(gene) for gene in map(tidy, others[1:]) if gene))
        if not (name and genes):
            raise LacunaError(
                f"{path}: line {number} has no name or too few fields; expected at least "
                f"{FEWEST_FIELDS}, separated by tabs: the set's name, a description and its genes."
            )
        if re.search(CONTROL, line.replace("\t", "")):
            raise LacunaError(
                f"{path}: line {number} holds a control character; expected text, with a tab "
                "between two fields."
            )
        if name in sets:
            raise LacunaError(
                f"{path}: line {number}: the set {name!r} stands in line {line_of[name]} already; "
                "expected each name once. Rename or remove one of the two."
            )
        sets[name], line_of[name] = genes, number
    if not sets:
        raise LacunaError(f"{path}: holds no set; expected a line for each set of genes.")
    return sets


def read_gmts(paths: Iterable[str | Path]) -> dict[str, list[str]]:
    """Read several GMT files, as `read_gmt` does.

    Raises
    ------
    LacunaError
        When one cannot be read, or sets of one name differ between two files.
    """
    sets: dict[str, list[str]] = {}
    file_of: dict[str, str | Path] = {}
    for path in paths:
        for name, genes in read_gmt(path).items():
            if name in sets and sets[name] != genes:
                raise LacunaError(
                    f"{path}: the set {name!r} stands with other genes in {file_of[name]}; "
                    "expected one set of a name in all files. Rename or remove one of the two."
                )
            sets[name], file_of[name] = genes, path
    return sets


def write_gmt(sets: dict[str, list[str]], description: str, path: str | Path) -> None:
    """Write sets of gene symbols, by name, as a GMT file; all get the same description.

    Raises
    ------
    UnwritableFile
        If the disk is full, or the folder may not be written to.
    """
    with write_whole(path) as unfinished:
        lines = ["\t".join([name, description, *genes]) for name, genes in sets.items()]
        unfinished.write_text("\n".join(lines) + "\n", encoding="utf-8")


def factor_of(name: str, symbols: Collection[str]) -> str | None:
    """Return the transcription factor whose targets a set holds, as the set's name says.

    Parameters
    ----------
    name
        Name of the set, for example NR3C1 or NR3C1_ENCODE.
    symbols
        Symbols of the tensor's genes.

    Returns
    -------
    str or None
        The name if it is one of the symbols, else its part before the first underscore if that
        is one, else None.
    """
    candidates = (name, name.partition("_")[0])
    return next((candidate for candidate in candidates if candidate in symbols), None)


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    """Give the lines with their numbers."""
    number = size = 0
    with open_untrusted(path, text=True) as file:
        while line := file.readline(LONGEST_HEADER):
            number += 1
            size += len(line)
            if len(line) == LONGEST_HEADER or size > LARGEST:
                raise LacunaError(
                    f"{path}: line {number} has {len(line):,} bytes or more, {size:,} with all "
                    f"lines before; expected sets of genes, less than {LONGEST_HEADER:,} bytes a "
                    f"line and {LARGEST:,} in all. Split it, or take out sets."
                )
            try:
                yield number, line.rstrip(b"\r\n").decode("utf-8-sig" if number == 1 else "utf-8")
            except UnicodeDecodeError as error:
                raise LacunaError(
                    f"{path}: line {number} is not text in UTF-8; expected a GMT file."
                ) from error
