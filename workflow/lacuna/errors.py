"""Exceptions that mean: not the program is at fault, and the message says what to do."""

import difflib
from collections.abc import Iterable
from pathlib import Path


class LacunaError(Exception):
    """A mistake in a file or a configuration; shown to the user without a traceback."""


class DamagedFile(LacunaError):
    """A file that cannot be read to its end.

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
    """Name the first few of many, e.g. ``'a', 'b' and 10 more``."""
    names = list(names)
    shown = ", ".join(repr(str(name)) for name in names[:most])
    return shown if len(names) <= most else f"{shown} and {len(names) - most} more"


def did_you_mean(name: object, known: Iterable[str]) -> str:
    """Return a hint such as `` (did you mean 'dnpp'?)``, empty when nothing is near."""
    spelt = {each.casefold(): each for each in known}
    near = difflib.get_close_matches(str(name).casefold(), spelt, n=3, cutoff=0.6)
    shown = " or ".join(repr(spelt[each]) for each in near)
    return f" (did you mean {shown}?)" if near else ""
