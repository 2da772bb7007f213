"""`lacuna init`: a configuration for a folder of files, with thresholds and folds that fit them."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from lacuna.errors import LacunaError, listed
from lacuna.io.atomic import write_whole
from lacuna.project.check_grid import Bound, Chosen, bound, suggest_filters
from lacuna.project.check_splits import (
    FEWEST_FOLDS,
    most_folds,
    possible_densities,
    small_tensor,
)
from lacuna.project.config_schema import assemble_schema, fill_defaults
from lacuna.project.findings import counted
from lacuna.project.folder import Folder, look_at

NAME = r"[^A-Za-z0-9._-]+"  # what no name of a data set may hold
UNKNOWN_SHARE = 0.2  # of drugs and cells that pass an unknown p-value, for the choice of folds


def write_configuration(folder: Path, dataset: str | None, output: Path) -> list[str]:
    """Write a configuration for the files of a folder.

    Parameters
    ----------
    folder
        Where the files lie; they are told by what is in them.
    dataset
        The name of the run; by default that of the folder.
    output
        Where the configuration goes.

    Returns
    -------
    list of str
        What the user is to be told: what each file was taken for, and what is open.

    Raises
    ------
    LacunaError
        If `output` is there already, the folder is not, or nothing in it is a series.
    """
    if output.exists():
        raise LacunaError(
            f"{output}: is there already, and is not overwritten. Remove it, or name another file "
            "as --output."
        )
    found = look_at(folder)
    if not found.series:
        told = "".join(f"\n  {line}" for line in found.told)
        raise LacunaError(
            f"{folder}: no series of plates or signatures is in it. Expected a matrix (GCTX) and "
            f"its table of wells (with inst_id) or of signatures (with sig_id). Found:{told}"
        )
    name = dataset or re.sub(NAME, "-", folder.resolve().name).strip("-._") or "mine"
    text = configuration(found, folder, name)
    with write_whole(output) as unfinished:
        unfinished.write_text(text)
    return [*found.told, *(f"QUESTION  {question}" for question in found.questions)]


def configuration(found: Folder, folder: Path, dataset: str) -> str:
    """Return the text of a configuration, each value that was chosen with its reason."""
    made_here = any("level3" in files for files in found.series.values())
    lines = [
        f"# Written by `lacuna init {folder}`. What is not named here has the default of",
        "# config/README.md; `lacuna check --configfile` this file says what it comes to.",
        f"dataset: {_text(dataset)}",
        "",
        "acquire:",
        "  source: files",
        f"  mirror: {_text(folder)}  # where the files lie; a run links to them",
        "  series:",
    ]
    for series, files in found.series.items():
        lines.append(f"    {_text(series)}:")
        lines += [f"      {kind}: {_text(file)}" for kind, file in files.items()]
    if found.annotation:
        lines += ["  annotations:", f"    table: {_text(found.annotation)}"]
    if found.gene_sets:
        lines.append(f"  gene_sets: [{', '.join(map(_text, found.gene_sets))}]")
    if found.experiments is None:
        return "\n".join([*lines, ""])
    chosen = suggest_filters(found.experiments, made_here=made_here)
    grid = bound(found.experiments, chosen.thresholds, made_here=made_here)
    lines += ["", "tensor:"]
    lines += _with_reasons(chosen)
    if grid.tensor is None or most_folds(grid.tensor, "profiles") < FEWEST_FOLDS:
        return "\n".join([*lines, *_signatures_alone(grid), ""])
    return "\n".join([*lines, *_evaluation(grid), ""])


def _with_reasons(chosen: Chosen) -> Iterator[str]:
    for key, value in chosen.thresholds.items():
        yield f"  {key}: {value}  # {chosen.reasons[key]}"


def _signatures_alone(grid: Bound) -> Iterator[str]:
    cells = grid.experiments["cell"].unique()
    yield ""
    lines = f"{counted(len(cells), 'cell line')}: {listed(cells, 3)}"
    yield f"# No drug is in two cells ({lines}), so that nothing can be"
    yield "# predicted and held out: signatures, p-values and the quality of plates alone."
    yield "completion: {methods: [], completed: []}"
    yield "classification: {completed: []}"


def _evaluation(grid: Bound) -> Iterator[str]:
    tensor = grid.tensor
    assert tensor is not None
    defaults = _defaults()
    drugs, cells = len(tensor.drugs), len(tensor.cells)
    small = {
        "drugs": max(min(defaults["tensor"]["small"]["drugs"], drugs // 2), min(drugs, 2)),
        "cells": max(min(defaults["tensor"]["small"]["cells"], cells // 2), min(cells, 2)),
    }
    small["ranking_cells"] = small["cells"]
    if drugs >= 2:
        yield f"  small:  # of {drugs} drugs and {cells} cells"
        yield from (f"    {key}: {value}" for key, value in small.items())
    yield ""
    yield "evaluation:"
    if len(tensor) < 5000:
        yield f"  folds_per_job: 10  # {len(tensor):,} profiles: a fold takes seconds"
    yield "  splits:"
    for split, how in defaults["evaluation"]["splits"].items():
        if how["sizes"]:
            yield from _split(grid, split, how["folds"])
    yield "  density:"
    yield from _density(small_tensor(tensor, small) if drugs >= 2 else tensor, defaults)


def _split(grid: Bound, split: str, wanted: int) -> Iterator[str]:
    tensor = grid.tensor
    assert tensor is not None
    most = most_folds(tensor, split)
    sure = most if grid.exact else int(most * UNKNOWN_SHARE)
    folds = min(wanted, sure)
    unit = {"profiles": "profiles can be held out", "plates": "groups of linked plates"}
    what = f"{most:,} {unit.get(split, 'cells' if split == 'cells' else 'drugs')}"
    if split == "profiles":
        yield f"    profiles: {{folds: {max(folds, FEWEST_FOLDS)}}}  # {what}"
    elif len(tensor.drugs) == 1:
        yield f"    {split}: {{sizes: []}}  # 1 drug, and what is held out is learned from others"
    elif folds < FEWEST_FOLDS:
        yield f"    {split}: {{sizes: []}}  # {what}"
    elif split == "plates" and most == most_folds(tensor, "cells"):
        yield f"    plates: {{sizes: []}}  # {what}, one of each cell: the same as cells"
    else:
        yield f"    {split}: {{folds: {folds}}}  # {what}"


def _density(small: Any, defaults: Mapping[str, Any]) -> Iterator[str]:
    wanted = [*defaults["evaluation"]["density"]["percents"], 70, 80, 90]
    possible = possible_densities(small, wanted)
    size = f"{len(small):,} profiles in {len(small.drugs)} x {len(small.cells)} places"
    if len(possible) < 2 or len(small) < 20:
        yield f"    percents: []  # {size} are too few to thin out"
        return
    yield f"    percents: {possible}  # {size}"
    if len(small) < 5000:
        yield "    repeats: 5  # each takes as long as all folds"
        yield "    repeats_per_job: 5"


def _defaults() -> dict[str, Any]:
    return fill_defaults({"acquire": {"source": "files"}}, assemble_schema())


def _text(value: object) -> str:
    """Return a text as YAML reads it."""
    text = str(value)
    plain = re.fullmatch(r"[\w./][\w./-]*", text) and yaml.safe_load(text) == text
    return text if plain else "'" + text.replace("'", "''") + "'"
