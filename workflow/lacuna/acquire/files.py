"""How a configuration names a file: by its name, or by a mapping that says where it is."""

import re
from collections.abc import Callable, Mapping
from pathlib import PurePath
from typing import Any
from urllib.parse import unquote, urlsplit

from lacuna.errors import LacunaError
from lacuna.io.asking import check_address

# As the schema wants the name of a file to be.
NAME = re.compile(r"\w[\w .+()@-]{0,199}")
# Of the files of a target of single cells, by layout.
CELLS_KINDS = (
    *("expression", "structures", "ranks"),
    *("level5", "sig_info", "pert_info", "gene_info"),
)
RNASEQ_KINDS = ("expression", "samples")
Change = Callable[[str, Any, str], Any]


def change_files(block: Mapping[str, Any], change: Change) -> dict[str, Any]:
    """Return the block `acquire` with something else in place of each file.

    Parameters
    ----------
    block
        The block; keys may be missing.
    change
        Takes the folder that the file goes to (a series, or annotations, gene_sets, ...), the file
        as it is named, and the keys that lead to it; returns what is to stand there.
    """

    def each(folder: str, at: str, files: Mapping[str, Any], kinds: tuple[str, ...] = ()) -> dict:
        return {
            kind: change(folder, file, f"{at}: {kind}")
            if isinstance(file, (str, Mapping)) and (not kinds or kind in kinds)
            else file
            for kind, file in files.items()
        }

    changed = dict(block)
    for key in ("annotations", "external", "pairs", "vectors"):
        folder = {"pairs": "rnaseq", "vectors": "cells"}.get(key, key)
        changed[key] = each(folder, f"acquire: {key}", block.get(key, {}))
    for key, kinds in (("series", ()), ("rnaseq", RNASEQ_KINDS), ("cells", CELLS_KINDS)):
        changed[key] = {
            name: each(name if key == "series" else key, f"acquire: {key}: {name}", files, kinds)
            for name, files in block.get(key, {}).items()
        }
    for key in ("genes", "gene_facts"):
        file = block.get(key)
        changed[key] = None if file is None else change("rnaseq", file, f"acquire: {key}")
    for key in ("gene_sets", "chip_atlas"):
        changed[key] = [
            change(key, file, f"acquire: {key}: {place}")
            for place, file in enumerate(block.get(key, []))
        ]
    return changed


def name_files(
    block: Mapping[str, Any],
) -> tuple[dict[str, Any], dict[tuple[str, str], dict[str, str]]]:
    """Bring every file to its name, and gather what is said of it beside.

    Parameters
    ----------
    block
        The block `acquire` of a configuration.

    Returns
    -------
    dict
        The block with names of files only.
    dict of (folder, file) to dict
        What is said of a file: path, url, sha256; empty of one that is named alone.

    Raises
    ------
    LacunaError
        If a mapping says neither a name nor where the file is, no name can be taken from that, an
        address is one of plain http, or two files would go by one name in one folder.
    """
    said: dict[tuple[str, str], dict[str, str]] = {}

    def name(folder: str, file: Any, at: str) -> str:
        named = file_name(file, at)
        its = _said(file, at)
        if said.setdefault((folder, named), its) != its:
            raise LacunaError(
                f"{at}: {named!r} stands for two files of {folder}: {_shown(its)}, and "
                f"{_shown(said[folder, named])}. Both would lie in one folder of the results; give "
                "one of them another name there: {file: ..., path: ...}."
            )
        return named

    return change_files(block, name), said


def file_name(file: str | Mapping[str, str], at: str) -> str:
    """Return what a file goes by below results: its name, or the last part of its path or url.

    Parameters
    ----------
    file
        As the configuration names it.
    at
        The keys that lead to it, for the message.

    Raises
    ------
    LacunaError
        If there is none.
    """
    if isinstance(file, str):
        return file
    if "file" in file:
        return file["file"]
    where = file.get("path") or unquote(urlsplit(file.get("url", "")).path)
    name = PurePath(where).name
    if NAME.fullmatch(name):
        return name
    wanted = "letters, digits, spaces and . _ + - ( ) @"
    raise LacunaError(
        f"{at}: no name for the file in {where!r}; expected one of {wanted}. Give it one: "
        "{file: ..., path: ...}."
        if where
        else f"{at}: says neither file nor path nor url; expected the name of a file, or where it "
        "is."
    )


def _said(file: str | Mapping[str, str], at: str) -> dict[str, str]:
    if isinstance(file, str):
        return {}
    its = {key: value for key, value in file.items() if key != "file"}
    if "url" in its:
        check_address(its["url"], f"{at}: url")
    return its


def _shown(said: Mapping[str, str]) -> str:
    return said.get("path") or said.get("url") or said.get("sha256") or "one named alone"
