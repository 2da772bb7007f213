"""How good a network's predictions were in the run that its model lies in."""

import pandas as pd

from lacuna.drawing.wording import with_interval
from lacuna.errors import LacunaError
from lacuna.evaluation.bootstrap import bootstrap_means, intervals
from lacuna.io.tsv import read_table
from lacuna.predict.profile_model import ProfileModel
from lacuna.runtime.seeds import generator

UNKNOWN = (
    "Nothing beside the model says how good this is: it does not lie in the results of a run that "
    "held out profiles and predicted them by it."
)
METRIC = "profile_pearson"
# Splits that say how good it is, the fairest first.
SPLITS = {
    "cell_transfer": "drugs held out whole, shown in other cells only",
    "profiles": "single held-out profiles, whose drugs were trained on in other cells",
}
COPY = "mean_1d"  # predicts the mean of the drug's profiles in other cells, as they are


def reached(model: ProfileModel, to: str) -> list[str]:
    """Say how well profiles that a model was not trained on were predicted, in a sentence or two.

    Parameters
    ----------
    model
        Of all data (completed/...), which the splits of its run speak for; or of the training drugs
        of the study from cell to cell, which predicted the others.
    to
        The cell that is wanted.
    """
    folder = model.path.absolute().parent
    try:
        if folder.name == "completed":
            return _in_splits(read_table(folder.parent / "metrics.tsv"), model.kept.trained_on.name)
        if folder.name == "cell_to_cell":
            return _held_out(read_table(folder / "latent_states.tsv"), to)
    except (LacunaError, KeyError, ValueError):
        pass
    return [UNKNOWN]


def _in_splits(metrics: pd.DataFrame, name: str) -> list[str]:
    rows = metrics[(metrics["metric"] == METRIC) & (metrics["size"] == "large")]
    numbers = rows[["value", "low", "high"]].to_numpy(float)
    found = dict(zip(zip(rows["split"], rows["method"], strict=True), numbers, strict=True))
    for split, what in SPLITS.items():
        if (split, name) in found:
            who = {name: "the model's method reached", COPY: "the input as it is"}
            said = [
                f"{called} r {with_interval(*found[split, method])}"
                for method, called in who.items()
                if (split, method) in found
            ]
            return [f"In its run, of {what}: {', '.join(said)}."]
    return [UNKNOWN]


def _held_out(states: pd.DataFrame, to: str) -> list[str]:
    """Average over the profiles of drugs that this very model was not trained on."""
    rows = states[states["cell"].astype(str) == to]
    if rows.empty:
        return [UNKNOWN]
    drugs, _ = pd.factorize(rows["drug"])
    means = bootstrap_means(rows[["pearson"]], drugs, generator(0, "predict", "profile"))
    one = intervals(means).set_index("metric").loc["pearson"]
    r = with_interval(*(float(one[name]) for name in ("value", "low", "high")))
    return [
        f"Of drugs held out from its training, it predicted {len(rows):,} profiles in {to} from "
        f"those in other cells: mean r {r}."
    ]
