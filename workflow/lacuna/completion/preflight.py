"""What would be met late: annotation tables that cannot be read, which the product waits for."""

from collections.abc import Iterator, Mapping
from typing import Any

from lacuna.acquire.inputs import Inputs
from lacuna.io.annotations import read_sources
from lacuna.tensor.known import Fault, Known, refusals


def faults(config: Mapping[str, Any], known: Known) -> Iterator[Fault]:
    """Say which annotation tables keep a product from being written."""
    if not (config["completion"]["completed"] or config["classification"]["completed"]):
        return
    if places := known.places(Inputs.of(config).annotations(config["dataset"])):
        yield from refusals(True, read_sources, places, known.symbols())
