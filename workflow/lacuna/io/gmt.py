"""Reads and writes GMT files: sets of genes, such as the targets of a transcription factor."""

import re
from collections.abc import Collection
from pathlib import Path

from lacuna.errors import LacunaError
from lacuna.io.atomic import write_whole
from lacuna.io.untrusted import CONTROL

FEWEST_FIELDS = 3  # name, description and a gene


def read_gmt(path: str | Path) -> dict[str, list[str]]:
    """Read a GMT file: per line the set's name, a description and its genes, tab-separated.

    Parameters
    ----------
    path
        The file, UTF-8. Blank lines and empty fields behind the genes do no harm.

    Returns
    -------
    dict of lists of str
        Gene symbols by the set's name, in the file's order, each symbol once.

    Raises
    ------
    LacunaError
        When there is no such file, it is not text or holds no set, a line has fewer than three
        fields, no name or a control character, or a name stands twice.
    """
    path = Path(path)
    sets: dict[str, list[str]] = {}
    line_of: dict[str, int] = {}
    for number, line in enumerate(_read_text(path).split("\n"), start=1):
        if not line.strip():
            continue
        name, *others = (field.strip() for field in line.split("\t"))
        genes = list(dict.fromkeys(gene for gene in others[1:] if gene))
        if not (name and genes):
            raise LacunaError(
                f"{path}: line {number} has no name or too few fields; expected at least "
                f"{FEWEST_FIELDS}, separated by tabs: the set's name, a description and its genes."
            )
        if re.search(CONTROL, "".join((name, *genes))):
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


def _read_text(path: Path) -> str:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise LacunaError(f"{path}: cannot be read ({error.strerror}).") from error
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise LacunaError(
            f"{path}: line {line} is not text in UTF-8; expected a GMT file, not packed."
        ) from error
