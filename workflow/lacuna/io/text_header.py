"""What stands above and before the numbers of a matrix of text: names, and facts about them.

GCT 1.2 has two columns before the samples, Name and Description. GCT 1.3 has any number, and as
many lines of facts about samples before the first gene; its second line says the numbers of genes,
samples and both kinds of facts (https://clue.io/connectopedia/gct_format). Any other table has one
column of genes and, as those that Lacuna writes, perhaps `symbol` behind it.
"""

import csv
import re
from collections.abc import Iterator
from pathlib import Path
from typing import IO, NamedTuple

import numpy as np
import pandas as pd

from lacuna.errors import DamagedFile, LacunaError, listed
from lacuna.io.quantities import MISSING
from lacuna.io.untrusted import LONGEST_HEADER, MOST_COLUMNS, decode, open_untrusted

GCT = b"#1."  # how a GCT file begins; its version follows
LEADING = 3  # GTEx's files have id, Name and Description before the samples, others the last two
TAB, COMMA = b"\t", b","
SYMBOL = "symbol"  # the second column of a table that gives symbols beside ids
BOM = b"\xef\xbb\xbf"  # Windows writes it before UTF-8
NOT_GIVEN = [*MISSING, "na"]  # facts; GCT has na above facts about genes
SIZE = r"[0-9]{1,12}"
WHOLE = r"-?(0|[1-9]\d{0,14})"
NUMBER = r"-?(0|[1-9]\d{0,14})(\.\d+)?(e[+-]\d{1,3})?"


class Header(NamedTuple):
    """What stands above and before the numbers.

    Attributes
    ----------
    lines : int
        How many lines stand above those of the genes.
    separator : bytes
        What stands between two fields.
    leading : int
        How many columns stand before the samples.
    name : int
        Which of them names the gene.
    facts : dict of str to int
        Which of them say something else of it, by what they are called.
    samples : DataFrame of texts
        Indexed by sample; a column for each line of facts about samples.
    genes : int or None
        How many there should be.
    """

    lines: int
    separator: bytes
    leading: int
    name: int
    facts: dict[str, int]
    samples: pd.DataFrame
    genes: int | None


def read_header(path: Path) -> Header:
    """Read what stands above the genes of a matrix of text, plain or gzipped.

    Raises
    ------
    DamagedFile
        If numbers of samples or lines are not as the file says.
    LacunaError
        If the file is missing, or its first lines are those of no such matrix.
    """
    with open_untrusted(path, text=True) as file:
        first = file.readline(LONGEST_HEADER).removeprefix(BOM)
        if not first.startswith(GCT):
            separator = COMMA if COMMA in first and TAB not in first else TAB
            lines = [
                split(path, line, separator) for line in (first, file.readline(LONGEST_HEADER))
            ]
            return _plain_header(path, separator, lines[0], len(lines[1]))
        version = decode(first).strip()[1:].strip("\t,")
        second, third = (split(path, file.readline(LONGEST_HEADER), TAB) for _ in range(2))
        if version == "1.2":
            return _gct_2(path, second, third)
        if version == "1.3":
            return _gct_3(path, second, third, file)
    raise LacunaError(
        f"{path}: is GCT {version!r}; expected version #1.2 or #1.3. Save it so, or as a plain "
        "table of genes x samples."
    )


def split(path: Path, line: bytes, separator: bytes) -> list[str]:
    """Return the fields of a line at the top.

    Raises
    ------
    LacunaError
        If it is too long to be one.
    """
    columns = line.count(separator) + 1
    if len(line) == LONGEST_HEADER or columns > MOST_COLUMNS:
        raise LacunaError(
            f"{path}: a line at its top has {columns} columns in {len(line):,} bytes or more; "
            f"expected a table with at most {MOST_COLUMNS:,} columns."
        )
    line = line.rstrip(b"\r\n")
    if separator == COMMA:
        try:
            return next(csv.reader([decode(line)]))
        except csv.Error as error:
            raise LacunaError(
                f"{path}: a line at its top cannot be read as CSV ({error})."
            ) from error
    return [unquoted(field) for field in line.split(separator)]


def unquoted(field: bytes) -> str:
    """Decode a name; R puts quotes around it."""
    text = decode(field)
    return text[1:-1] if len(text) > 1 and text[0] == text[-1] == '"' else text


def _plain_header(path: Path, separator: bytes, names: list[str], fields: int) -> Header:
    # R leaves out the name of the first column, unless it is told not to.
    samples = names if len(names) == fields - 1 else names[1:]
    if not samples:
        raise LacunaError(
            f"{path}: its first line has no names of samples ({listed(names, 3)}); expected a "
            "table separated by tabs or commas: a column of genes, then one for each sample."
        )
    if separator == TAB and len(samples) > 1 and samples[0].lower() == SYMBOL:
        return Header(1, separator, 2, 0, {SYMBOL: 1}, _index(samples[1:]), None)
    return Header(1, separator, 1, 0, {}, _index(samples), None)


def _gct_2(path: Path, sizes: list[str], names: list[str]) -> Header:
    lower = [name.lower() for name in names[:LEADING]]
    if "name" not in lower or "description" not in lower:
        raise LacunaError(
            f"{path}: the third line begins with {listed(names, LEADING)}; expected Name and "
            "Description, then the samples."
        )
    leading, name = lower.index("description") + 1, lower.index("name")
    genes, promised = _sizes(path, sizes, "genes and samples, as in GCT 1.2", 2)
    samples = names[leading:]
    _check_promised(path, promised, samples)
    facts = {names[at]: at for at in range(leading) if at != name}
    return Header(3, TAB, leading, name, facts, _index(samples), genes)


def _gct_3(path: Path, sizes: list[str], names: list[str], file: IO[bytes]) -> Header:
    what = "genes, samples, facts about genes and facts about samples, as in GCT 1.3"
    genes, promised, gene_facts, sample_facts = _sizes(path, sizes, what, 4)
    leading = gene_facts + 1
    samples = names[leading:]
    _check_promised(path, promised, samples)
    facts = {name: at for at, name in enumerate(names[:leading]) if at > 0}
    if len(facts) < gene_facts:
        raise LacunaError(
            f"{path}: line 3: two of the columns {listed(names[1:leading], 20)} are called alike; "
            "expected a name of its own for each fact about genes. Rename one."
        )
    described = _index(samples)
    columns: dict[str, list[str]] = {}
    for number, fields in _facts_about_samples(path, file, sample_facts):
        if len(fields) != len(names):
            raise DamagedFile(
                path,
                f"line {number} has {len(fields)} fields, the line of names {len(names)}. It is "
                "cut short or damaged.",
            )
        if fields[0] in columns:
            raise LacunaError(
                f"{path}: line {number}: the fact {fields[0]!r} about samples stands there a "
                "second time; expected it once. Rename or remove one of the lines."
            )
        columns[fields[0]] = fields[leading:]
    described = pd.DataFrame(columns, index=described.index, dtype=object)
    return Header(3 + sample_facts, TAB, leading, 0, facts, described, genes)


def _facts_about_samples(
    path: Path, file: IO[bytes], count: int
) -> Iterator[tuple[int, list[str]]]:
    if count > MOST_COLUMNS:
        raise LacunaError(
            f"{path}: the second line promises {count:,} facts about samples; expected at most "
            f"{MOST_COLUMNS:,}."
        )
    for number in range(4, 4 + count):
        line = file.readline(LONGEST_HEADER)
        if not line:
            raise DamagedFile(
                path,
                f"the second line promises {count} facts about samples, and the file ends after "
                f"{number - 4} of them. It is cut short or damaged.",
            )
        yield number, split(path, line, TAB)


def _sizes(path: Path, fields: list[str], what: str, count: int) -> list[int]:
    # A spreadsheet fills the line up with tabs.
    texts = [field.strip() for field in fields]
    while texts and not texts[-1]:
        texts.pop()
    if len(texts) != count or not all(re.fullmatch(SIZE, text) for text in texts):
        raise LacunaError(
            f"{path}: the second line ({listed(texts)}) is not the numbers of {what}."
        )
    return [int(text) for text in texts]


def _check_promised(path: Path, promised: int, samples: list[str]) -> None:
    if promised != len(samples) or not samples:
        raise DamagedFile(
            path,
            f"the second line promises {promised} samples, and the third names {len(samples)}. It "
            "is damaged; get it again.",
        )


def _index(samples: list[str]) -> pd.DataFrame:
    return pd.DataFrame(index=pd.Index(samples, dtype=object))


def typed(facts: pd.DataFrame) -> pd.DataFrame:
    """Return facts of text with NaN where one is missing, and columns of numbers as numbers.

    A number is written as programs write it: 007 is a name. Whole numbers of which some are missing
    stay texts, since they may be ids, which no ".0" is to follow.
    """
    columns = {name: _typed(column) for name, column in facts.items()}
    return pd.DataFrame(columns, index=facts.index)


def _typed(texts: pd.Series) -> pd.Series:
    given = pd.Series(np.where(texts.isin(NOT_GIVEN), np.nan, texts), texts.index, dtype=object)
    known = given.dropna()
    if not len(known) or not known.str.fullmatch(NUMBER).all():
        return given
    whole = known.str.fullmatch(WHOLE).all()
    if whole and len(known) < len(given):
        return given
    return given.astype(np.int64) if whole else given.astype(np.float64)
