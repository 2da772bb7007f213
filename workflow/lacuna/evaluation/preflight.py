"""What would be met late: drugs of the heatmaps that are not in the tensor."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from lacuna.errors import LacunaError
from lacuna.evaluation.heatmaps import find_drugs
from lacuna.tensor.known import Fault, Known


def faults(config: Mapping[str, Any], known: Known) -> Iterator[Fault]:
    """Say which drugs asked for in heatmaps cannot be shown."""
    wanted, tensor = config["evaluation"]["heatmaps"]["drugs"], known.tensor
    if tensor is None or not wanted:
        return
    held_out = np.bincount(tensor.drug, minlength=len(tensor.drugs))
    held_out[held_out == 1] = 0  # the only profile of a drug is never held out
    called = known.drugs().set_index("drug")["name"].reindex(tensor.drugs)
    names = called.fillna(called.index.to_series()).astype(str).to_list()
    try:
        _, left_out = find_drugs(wanted, tensor.drugs, names, held_out)
    except LacunaError as error:
        yield Fault(str(error), known.certain)
        return
    for said in left_out:
        yield Fault(f"evaluation: heatmaps: drugs: {said}. It will not be shown.", stops=False)
