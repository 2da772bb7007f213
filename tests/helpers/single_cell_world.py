"""A tiny simulated world of single cells: a bulk screen, cells of some of its drugs, the truth."""

from pathlib import Path

from lacuna.simulation.parameters import SINGLE_CELL_FILES
from lacuna.simulation.write_single_cell import write_single_cell_world

TINY = {
    "seed": 3,
    "drugs": 40,
    "cells": 2,
    "mechanisms": 4,
    "drugs_in_cells": 14,
    "only_in_cells": 2,
    "cells_per_condition": 8,
    "doses": (0.1, 10.0),
    "other_genes": 40,
}


_written: dict[bool, dict[str, Path]] = {}


def write_tiny(tmp_path_factory, null: bool = False) -> dict[str, Path]:
    """Write the tiny world once a session; return its files by the kinds of `SINGLE_CELL_FILES`.

    14 products are in bulk, too, and 3 are not or not by this name: one of these has no structure
    that can be read, and the last is another name of a drug. There are 2 lines, 2 doses, 8 cells a
    condition, 320 vehicle cells, and 1,017 genes, of which 977 are landmarks.
    """
    if null not in _written:
        folder = tmp_path_factory.mktemp("single_cell")
        write_single_cell_world(folder, **TINY, null=null)
        _written[null] = {kind: folder / name for kind, name in SINGLE_CELL_FILES.items()}
    return _written[null]
