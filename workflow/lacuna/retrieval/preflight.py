"""What would be met late: lines, a time or a dose of which the screen has no well."""

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

import pandas as pd

from lacuna.retrieval import stage
from lacuna.retrieval.cut import choose_wells
from lacuna.tensor.known import Fault, Known, refusals


def faults(config: Mapping[str, Any], known: Known) -> Iterator[Fault]:
    """Say which filter leaves no well. Structures are not read, so that this is at most."""
    block = config["retrieval"]
    kind = "inst_info" if stage.level3(config) else "sig_info"
    series = [screen["series"] for screen in stage.screens(config, config["dataset"])]
    if not series or any((name, kind) not in known.tables for name in series):
        return
    wells = pd.concat([known.tables[name, kind] for name in series], ignore_index=True)
    wells = wells.rename(columns={"signature": "well"}).assign(plate="")
    drugs = known.drugs().set_index("drug")
    keys = drugs["smiles"] if drugs["smiles"].notna().any() else drugs.index.to_series()
    asked = {key: block[key] for key in ("time", "dose")}
    call = partial(choose_wells, lines=stage.lines(config), in_all_lines=False, **asked)
    yield from refusals(True, call, wells, keys)
