"""Lists of SHA-512 beside the files of a publisher, such as GEO's GSE92742_SHA512SUMS.txt.gz."""

import re
from pathlib import Path

from lacuna.errors import LacunaError
from lacuna.io.untrusted import open_untrusted

SUMS = re.compile(r"_SHA512SUMS[^/]*\.txt(\.gz)?$")
LARGEST = 1 << 20  # bytes; GEO's have 1 KB
# What `sha512sum` prints: the sum, then two blanks or a blank and a star, then the name.
LINE = re.compile(r"([0-9a-fA-F]{128}) [ *]?(?:\./)?(\S.*)")


def read_sums(path: Path) -> dict[str, str]:
    """Read a list of checksums, plain or gzipped, as `sha512sum` prints it.

    Returns
    -------
    dict of str to str
        The SHA-512, 128 hexadecimal digits in lower case, by the name of the file.

    Raises
    ------
    LacunaError
        If it is none, or says two things of one file.
    """
    with open_untrusted(path, text=True) as content:
        text = content.read(LARGEST + 1)
    if len(text) > LARGEST:
        raise LacunaError(f"{path}: has more than {LARGEST:,} bytes; expected a list of SHA-512.")
    sums: dict[str, str] = {}
    for number, line in enumerate(text.decode("utf-8", "replace").splitlines(), 1):
        if not line.strip():
            continue
        match = LINE.fullmatch(line.strip())
        if match is None:
            raise LacunaError(
                f"{path}, line {number}: {line[:60]!r} is no checksum; expected 128 hexadecimal "
                "digits, blanks and the name of a file, as sha512sum prints them."
            )
        if sums.setdefault(match[2], match[1].lower()) != match[1].lower():
            raise LacunaError(f"{path}, line {number}: {match[2]!r} has another sum further up.")
    return sums
