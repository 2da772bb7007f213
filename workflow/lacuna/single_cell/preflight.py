"""What would be met late: columns of a file of cells, and drugs or lines held out that it lacks."""

from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd

from lacuna.errors import LacunaError
from lacuna.io.h5ad_cells import open_cells
from lacuna.single_cell import stage
from lacuna.single_cell.account import Account
from lacuna.single_cell.conditions import read_conditions
from lacuna.single_cell.split import choose_line, find_held_out
from lacuna.tensor.known import Fault, Known, refusals


def faults(config: Mapping[str, Any], known: Known) -> Iterator[Fault]:
    """Say what of each target's cells cannot be used; ranks and signatures are not looked at."""
    for name, target in stage.targets(config).items():
        path = stage.cells_files(config, config["dataset"], name).get("expression")
        if path is None or (place := known.place(path)) is None:
            continue
        its = stage.described(config, name)
        try:
            cells = open_cells(place, its.get("layer"))
            given = its.get("columns") or {}, its.get("control"), its.get("unit")
            obs = read_conditions(cells, *given, Account(str(place)))
        except LacunaError as error:
            yield Fault(str(error), stops=True)
            continue
        drugs = pd.DataFrame(index=obs.loc[~obs["control"].astype(bool), "drug"].unique())
        if "named" in target["splits"]:
            yield from refusals(True, find_held_out, drugs, list(target["drugs"]))
        if "lines" in target["splits"]:
            yield from refusals(True, choose_line, obs, target["lines"], 0)
