"""Files of the user's under the names that they have in results: what a message is to call them.

Readers get results/{dataset}/acquire/{series}/{file} or results/{dataset}/signatures/{series}/...,
which link to the user's file, or were made from it. The user knows neither of these names.
"""

import os
from pathlib import Path

RESULTS = "results/"  # how paths of jobs begin, whatever the folder that Snakemake runs in
# Folders beside those of the series, for files that belong to the whole data set.
SHARED_FOLDERS = ("annotations", "gene_sets", "chip_atlas", "external", "rnaseq", "cells")
OF_SERIES = ("acquire", "signatures")  # folders below results/{dataset} with one for each series
ENDINGS = "\"' :;,.)\n"  # what may stand after a path in a message
LONGEST = 4096  # bytes of a path


def keep_origin(source: str | Path, made: str | Path) -> None:
    """Note beside a file that it was made from another one; `name_origins` reads that."""
    origin = _origin(str(made))
    origin.unlink(missing_ok=True)
    if not Path(made).is_symlink():
        origin.symlink_to(Path(source).resolve())


def name_origins(message: str) -> str:
    """Put the user's file in place of each path of a file that links to it or was made from it.

    Parameters
    ----------
    message
        Any text, with paths in it.

    Returns
    -------
    str
        The text, where such a path is called after its target, with the series that it is of.

    Examples
    --------
    >>> name_origins("results/mine/tensor/large.h5: cannot be read.")
    'results/mine/tensor/large.h5: cannot be read.'
    """
    said, rest = "", message
    while RESULTS in rest:
        before, _, after = rest.partition(RESULTS)
        said += before
        inside = said[-1:] == "/" or said[-1:].isalnum()
        path = "" if inside else _linked_path(RESULTS + after)
        said += _called(path) if path else RESULTS
        rest = (RESULTS + after)[len(path or RESULTS) :]
    return said + rest


def _linked_path(text: str) -> str:
    """Return the longest beginning of a text that is the path of such a file, or an empty one."""
    for stop in range(min(len(text), LONGEST), len(RESULTS), -1):
        if (stop == len(text) or text[stop] in ENDINGS) and _target(text[:stop]):
            return text[:stop]
    return ""


def _target(path: str) -> str:
    """Return the file that a path stands for, if that is another one than it says."""
    if "\0" in path:
        return ""
    for link in (path, str(_origin(path))):
        if os.path.islink(link):
            return os.path.realpath(link)
    return ""


def _called(path: str) -> str:
    target, (_, _, stage, folder, *file) = _target(path), (*Path(path).parts, "", "", "")
    if stage not in OF_SERIES or not any(file):
        return target
    return f"{target} ({folder if folder in SHARED_FOLDERS else f'series {folder}'})"


def _origin(path: str) -> Path:
    return Path(path).parent / f".{Path(path).name}.origin"
