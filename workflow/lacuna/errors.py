"""Exceptions for faults that are not the program's; their messages say what to do."""

import difflib
from collections.abc import Iterable
from pathlib import Path


class LacunaError(Exception):
    """A mistake in a file or a configuration; shown to the user without a traceback."""


class DamagedFile(LacunaError):
    """A file that is cut short, damaged or laid out in another way.

    Parameters
    ----------
    path
        The file.
    fault
        What is wrong with it, and what to do.

    Attributes
    ----------
    path : Path
        The file.
    """

    def __init__(self, path: str | Path, fault: str):
        super().__init__(f"{path}: {fault}")
        self.path = Path(path)


class UnwritableFile(LacunaError):
    """The disk is full, or a folder may not be written to."""


def listed(names: Iterable[object], most: int = 5) -> str:
    """Name the first few of many.

    Parameters
    ----------
    names
        All of them.
    most
        How many to name.

    Examples
    --------
    >>> listed("abcdef", most=2)
    "'a', 'b' and 4 more"
    """
    names = list(names)
    text = ", ".join(repr(str(name)) for name in names[:most])
    return text if len(names) <= most else f"{text} and {len(names) - most} more"


def did_you_mean(name: object, known: Iterable[str]) -> str:
    """Return a hint at names that are spelt alike, empty if there are none.

    Examples
    --------
    >>> did_you_mean("dnp", ["dnpp", "kernel"])
    " (did you mean 'dnpp'?)"
    """
    spelling = {candidate.casefold(): candidate for candidate in known}
    alike = difflib.get_close_matches(str(name).casefold(), spelling, n=3, cutoff=0.6)
    candidates = " or ".join(repr(str(spelling[key])) for key in alike)
    return f" (did you mean {candidates}?)" if alike else ""
