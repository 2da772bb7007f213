"""What would be met late: files of gene sets, sets without genes here, unknown profiles."""

from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd

from lacuna.acquire.inputs import Inputs
from lacuna.completion.completed import find_called
from lacuna.enrichment.preranked import usable_sets
from lacuna.errors import LacunaError
from lacuna.io.gmt import read_gmts
from lacuna.tensor.known import Fault, Known, refusals


def faults(config: Mapping[str, Any], known: Known) -> Iterator[Fault]:
    """Say which files, sets and profiles cannot be asked about."""
    sets: dict[str, list[str]] = {}
    places = [known.place(path) for path in Inputs.of(config).gene_sets(config["dataset"])]
    try:
        sets = read_gmts(path for path in places if path)
    except LacunaError as error:
        yield Fault(str(error), stops=True)
    symbols = known.symbols()
    if sets and all(places) and len(symbols):
        yield from refusals(True, usable_sets, sets, list(symbols))
    if known.tensor is None:
        return
    drugs, cells = pd.Series(known.tensor.drugs), pd.Series(known.tensor.cells)
    names = drugs.map(known.drugs().set_index("drug")["name"]).fillna(drugs)
    for one in config["enrichment"]["profiles"]:
        for kind, called in (("drug", [drugs, names]), ("cell", [cells])):
            for fault in refusals(known.certain, find_called, kind, one[kind], *called):
                yield Fault(f"enrichment: profiles: {fault.said}", fault.stops)
