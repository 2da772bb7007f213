"""Nothing happens: the control of the line, the baseline of the paper."""

from typing import Annotated

import numpy as np
import pandas as pd

from lacuna.completion.card import Option
from lacuna.errors import LacunaError
from lacuna.single_cell.card import Method
from lacuna.single_cell.interface import GIVEN, VALIDATION, Predicted, Seen
from lacuna.single_cell.methods.shared import checked, predicted
from lacuna.single_cell.seen import Known

METHOD = Method(
    label="Control",
    summary="untreated cells of the line, as if the drug did nothing",
    source="Hetzel et al. 2022, section 5.2.1, https://doi.org/10.48550/arXiv.2204.13545",
    control=True,
)


def predict(
    seen: Seen,
    wanted: pd.DataFrame,
    rng: np.random.Generator,
    *,
    cells: Annotated[
        str,
        Option(
            "which untreated cells: all that may be seen, or those for validation, as published",
            choices=("all", "validation"),
        ),
    ] = "all",
    lines: Annotated[
        str,
        Option(
            "untreated cells of the line itself, or of all lines together, as the paper's network "
            "is given them",
            choices=("own", "pooled"),
        ),
    ] = "own",
) -> Predicted:
    """Predict mean and variance of untreated cells; of a line without any, those of the others."""
    wanted = checked("control", seen, wanted)
    if cells == "validation":
        seen = _of_validation(seen)
    known = Known.of(seen)
    if lines == "own":
        return predicted(wanted, *known.control_of(wanted["line"]))
    mean, variance = known.control_of_all()
    return predicted(wanted, *(np.tile(row, (len(wanted), 1)) for row in (mean, variance)))


def _of_validation(seen: Seen) -> Seen:
    """Leave out controls of the training; of a held-out line, others are given."""
    table = seen.conditions
    is_control = table["control"].to_numpy(bool)
    kept = ~is_control | table["role"].isin((VALIDATION, GIVEN)).to_numpy()
    if not (kept & is_control).any():
        raise LacunaError(
            "single_cell: options: control: cells is 'validation', but no untreated cell "
            "validates. Take 'all'."
        )
    return Seen(table[kept], seen.mean[kept], seen.variance[kept], seen.vectors)
