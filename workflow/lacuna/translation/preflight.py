"""What would be met late: drugs and sets of genes that are asked for, and that nobody has."""

from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd

from lacuna.errors import LacunaError
from lacuna.io.gmt import read_gmt
from lacuna.tensor.known import Fault, Known, refusals
from lacuna.translation import stage
from lacuna.translation.batches import find_drug, same_drugs
from lacuna.translation.target_jobs import find_sets


def faults(config: Mapping[str, Any], known: Known) -> Iterator[Fault]:
    """Say which drugs and sets of `translation: targets` are not there."""
    asked = config["translation"]["targets"]
    tables = [known.tables.get((name, "inst_info")) for name in stage.screens(config)]
    wells = [table[["drug", "name"]] for table in tables if table is not None]
    if asked and wells and len(wells) == len(tables):
        names = pd.concat(wells).drop_duplicates()
        drugs = names.merge(known.drugs().drop(columns="name"), on="drug", how="left")
        same = same_drugs(drugs)
        for one in asked:
            for fault in refusals(True, find_drug, one["drug"], drugs, same):
                yield Fault(f"translation: targets: {fault.said}", fault.stops)
    sets: dict[str, Any] = {}
    places = [known.place(path) for path in stage.gene_sets(config, config["dataset"])]
    for path in places:
        try:
            sets |= read_gmt(path) if path else {}
        except LacunaError as error:
            yield Fault(str(error), stops=True)
            return
    if sets and all(places):
        for one in asked:
            yield from refusals(True, find_sets, one["set"], sets)
