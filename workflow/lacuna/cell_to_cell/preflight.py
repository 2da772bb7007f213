"""What would be met late: cells of the study that are not in the tensor, or share too few drugs."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from lacuna.cell_to_cell.stage import asks_for
from lacuna.cell_to_cell.study import choose_added, choose_cells, divide
from lacuna.tensor.known import Fault, Known, refusals


def faults(config: Mapping[str, Any], known: Known) -> Iterator[Fault]:
    """Say why the study of cells cannot be made."""
    block, tensor = config["cell_to_cell"], known.tensor
    if tensor is None or not block["analyses"]:
        return
    unknown = list(refusals(known.certain, choose_cells, tensor, block["cells"]))
    yield from unknown
    if unknown:
        return
    cells, rng = choose_cells(tensor, block["cells"]), np.random.default_rng(0)
    if asks_for(config, "added_cells") or asks_for(config, "inputs"):
        yield from refusals(known.certain, choose_added, tensor, cells, block["added_cells"])
    yield from refusals(known.exact, divide, tensor, cells, block["test_percent"], rng)
