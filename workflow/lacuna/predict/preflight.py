"""What would be met late: structures that cannot be read, and cells that the tensor lacks."""

from collections.abc import Iterator, Mapping
from typing import Any

from lacuna.errors import LacunaError
from lacuna.predict import stage
from lacuna.predict.new_drugs import choose_cells, read_new_drugs
from lacuna.tensor.known import Fault, Known, refusals


def faults(config: Mapping[str, Any], known: Known) -> Iterator[Fault]:
    """Say which drugs of the user's table cannot be predicted."""
    for path in stage.table(config):
        try:
            new = read_new_drugs(path)
        except LacunaError as error:
            yield Fault(f"predict: drugs: {error}", stops=True)
            continue
        if known.tensor is not None:
            cells = known.tensor.cells.tolist()
            for fault in refusals(known.certain, choose_cells, new, cells, path):
                yield Fault(f"predict: drugs: {fault.said}", fault.stops)
