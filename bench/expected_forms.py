"""Which form learns best what correlation to expect? On simulated screens; no real data have a say.

`make bench-forms` completes three simulated screens, then runs this. Each form learns from the
held-out profiles of most drugs, and is judged on those of the others.
"""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from accuracy import markdown, write_parts
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import Ridge
from sklearn.model_selection import GroupKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from lacuna.completion.interface import Completion
from lacuna.completion.tiers import tier_of
from lacuna.evaluation.expected_r import FOLDS, PENALTY, Curve, describe_held_out, transformed
from lacuna.evaluation.held_out import held_out_order
from lacuna.io.tsv import write_table
from lacuna.tensor.profiles import ProfileSet

METHOD, LARGE = "blend", 50
RISES = [-1, 1, 1, 1, 0]  # with which features the correlation falls (-1) or rises (1)
Learnt = Callable[[pd.DataFrame], np.ndarray]


def mean(profiles: pd.DataFrame) -> Learnt:
    """Expect the mean of everything."""
    return lambda others: np.full(len(others), profiles["observed"].mean())


def isotonic_of_length(profiles: pd.DataFrame) -> Learnt:
    """Expect what profiles of such a length gave."""
    fitted = IsotonicRegression(out_of_bounds="clip").fit(profiles["norm"], profiles["observed"])
    return lambda others: fitted.predict(others["norm"])


def ridge(profiles: pd.DataFrame) -> Learnt:
    """Regress on all features, without a curve."""
    fitted = make_pipeline(StandardScaler(), Ridge(PENALTY))
    fitted.fit(transformed(profiles), profiles["observed"])
    return lambda others: fitted.predict(transformed(others))


def ridge_and_curve(profiles: pd.DataFrame) -> Learnt:
    """Learn as the library does."""
    curve = Curve.fit(profiles)
    assert curve is not None
    return curve.of


def boosting(profiles: pd.DataFrame) -> Learnt:
    """Boost small trees that rise and fall as they must."""
    fitted = HistGradientBoostingRegressor(
        max_iter=80,
        learning_rate=0.08,
        max_leaf_nodes=4,
        min_samples_leaf=30,
        monotonic_cst=RISES,
        random_state=0,
    ).fit(transformed(profiles), profiles["observed"])
    return lambda others: fitted.predict(transformed(others))


FORMS: dict[str, Callable[[pd.DataFrame], Learnt]] = {
    "mean": mean,
    "isotonic curve of the length": isotonic_of_length,
    "ridge": ridge,
    "ridge and isotonic curve": ridge_and_curve,
    "boosted trees": boosting,
}


class HeldOut(NamedTuple):
    """The held-out profiles of a split: what is known of them, which they are, what was predicted.

    `order` are their positions in the tensor, in the order of `known` and `predicted`.
    """

    known: pd.DataFrame
    order: np.ndarray
    predicted: np.ndarray


def read(run: Path, split: str) -> HeldOut:
    """Read the held-out profiles of a split."""
    folder = run / "evaluation/large" / split
    fold = pd.read_csv(folder / "folds.tsv", sep="\t")["fold"].to_numpy()
    files = sorted((folder / METHOD).glob("predicted_*.h5"), key=lambda path: len(path.name))
    tensor = ProfileSet.load(run / "tensor/large.h5")
    completions = [Completion.load(path) for path in files]
    known = describe_held_out(tensor, fold, completions)
    return HeldOut(known, held_out_order(fold), Completion.join(completions).profiles)


def judge(profiles: pd.DataFrame, form: Callable[[pd.DataFrame], Learnt]) -> dict[str, float]:
    """Return the root mean square error on other drugs, and how far the worst large tier is off."""
    expected = np.empty(len(profiles))
    for others, these in GroupKFold(FOLDS).split(profiles, groups=profiles["drug"]):
        expected[these] = form(profiles.iloc[others])(profiles.iloc[these])
    error = profiles["observed"] - expected
    by_tier = error.groupby(tier_of(expected)).agg(["mean", "size"])
    large = by_tier[by_tier["size"] >= LARGE]
    return {
        "rmse": float(np.sqrt((error**2).mean())),
        "worst_tier": float(large["mean"].abs().max()),
        "tiers": len(large),
    }


def main() -> None:
    """Print the table, and write it into the page that shows it."""
    rows = [
        {"run": name, "split": split, "form": form, **judge(profiles, learn)}
        for name in sys.argv[1:]
        for split in ("profiles", "drugs", "cells")
        for profiles in [read(Path("results") / name, split).known]
        for form, learn in FORMS.items()
    ]
    found = pd.DataFrame(rows)
    shown = found.assign(
        place=found["run"] + ", " + found["split"],
        text=[f"{row.rmse:.3f}, {row.worst_tier:.3f}" for row in found.itertuples()],
    ).pivot_table("text", "form", "place", aggfunc="first", sort=False)
    rows_of = [[form, *texts] for form, texts in zip(shown.index, shown.to_numpy(), strict=True)]
    table = markdown(["form", *shown.columns], rows_of)
    print(table)
    write_table(found, "results/bench/expected_forms.tsv")
    write_parts("bench-forms", {"forms": table})


if __name__ == "__main__":
    main()
