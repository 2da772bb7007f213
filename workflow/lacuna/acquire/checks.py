"""What the JSON schema of `acquire:` cannot say."""

from collections.abc import Mapping
from typing import Any

from lacuna.acquire.files import name_files
from lacuna.acquire.inputs import PERT_TYPES, STARTS
from lacuna.errors import LacunaError, listed

# What each layout of a target of single cells needs, and what else it may have.
TARGETS = {
    "expression": (("scale", "columns"), ("structures",)),
    "ranks": (("structures",), ()),
    "level5": (("sig_info", "pert_info", "gene_info"), ()),
}
# The layouts of profiles of another platform.
EXTERNAL = ({"profiles", "samples"}, {"series_matrix", "platform"}, {"counts", "samples"})
OF_CELLS = ("layer", "unit", "control")  # with defaults, so that every target has them
VECTORS = (".parquet", ".tsv", ".tsv.gz")


def check(config: Mapping[str, Any]) -> None:
    """Check the block `acquire:` of a configuration whose defaults are filled in.

    Raises
    ------
    LacunaError
        If files are asked for and none is named, or named and not asked for, it is not clear which
        file is meant, a series or a target of single cells is of several kinds, or of none, or
        lacks what its kind needs, profiles of another platform are in no layout or in several, all
        profiles of a ready-made tensor would be dropped, or a table of vectors is of no known
        format.
    """
    acquire, _ = name_files(config["acquire"])
    if acquire["source"] == "files" and not (acquire["series"] or acquire["cells"]):
        raise LacunaError(
            "acquire: series is empty; with source: files, name at least one series, or a target "
            "of cells."
        )
    if acquire["source"] == "simulator" and (acquire["series"] or acquire["cells"]):
        named = "series" if acquire["series"] else "cells"
        raise LacunaError(
            f"acquire: source is simulator, but files are named under {named}, which it would not "
            "read. Write source: files, or remove them."
        )
    for name, files in acquire["series"].items():
        if len(files.keys() & {*STARTS}) != 1:
            raise LacunaError(
                f"acquire: series: {name}: expected one of level3 (with inst_info and gene_info), "
                "level5 (with sig_info) and tensor."
            )
        if "tensor" in files and PERT_TYPES in files:
            raise LacunaError(
                f"acquire: series: {name}: pert_types beside a ready-made tensor, which does "
                "not say what its drugs are: they count as compounds (trt_cp). Remove it."
            )
        if "tensor" in files and config["tensor"]["unreplicated"] == "drop":
            raise LacunaError(
                f"acquire: series: {name}: tensor: its profiles have no p-values, and tensor: "
                "unreplicated: drop leaves none of them. Set it to keep."
            )
    external = acquire["external"]
    if external and {*external} not in EXTERNAL:
        raise LacunaError(
            f"acquire: external: {listed(sorted(external))}; expected profiles and samples, "
            "series_matrix and platform, or counts and samples. Keep one of these pairs."
        )
    for name, target in acquire["cells"].items():
        _check_target(f"acquire: cells: {name}", target)
    for name, file in acquire["vectors"].items():
        if not file.endswith(VECTORS):
            raise LacunaError(
                f"acquire: vectors: {name}: {file}; expected a file whose name ends with "
                f"{listed(VECTORS)}."
            )


def _check_target(at: str, target: Mapping[str, Any]) -> None:
    layouts = [layout for layout in TARGETS if layout in target]
    if len(layouts) != 1:
        raise LacunaError(
            f"{at}: has {listed(layouts) if layouts else 'none of these'}; expected one of "
            "expression (an h5ad, with scale and columns), ranks (with structures), and level5 "
            "(with sig_info, pert_info and gene_info)."
        )
    (layout,) = layouts
    needed, allowed = TARGETS[layout]
    if missing := [key for key in needed if key not in target]:
        raise LacunaError(f"{at}: {layout} needs {listed(missing)}, too. Add it.")
    if others := sorted(target.keys() - {layout, *needed, *allowed, *OF_CELLS}):
        raise LacunaError(
            f"{at}: {listed(others)} beside {layout}; expected only {listed((*needed, *allowed))}. "
            "Remove it."
        )
