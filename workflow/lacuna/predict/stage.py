"""What a run predicts for drugs whose structure alone is known."""

from collections.abc import Mapping
from typing import Any

from lacuna.completion.stage import by_structure_alone, model
from lacuna.evaluation.stage import evaluated

Config = Mapping[str, Any]
FOLDER = "predict"
SPLIT = "drugs"  # whose held-out profiles say how good predictions for new drugs are


def wanted(config: Config) -> bool:
    """Return whether any drugs are to be predicted."""
    return bool(config["completion"]["methods"] and config["predict"]["drugs"])


def results(config: Config) -> list[str]:
    """Return the files that a run makes, below results/{dataset}."""
    files = ("predicted.gctx", "predicted.h5ad", "drugs.tsv", "accuracy.tsv", "pages/predict.html")
    return [f"{FOLDER}/{file}" for file in files]


def table(config: Config) -> list[str]:
    """Return the user's table of drugs, in a list that may be empty."""
    return [config["predict"]["drugs"]] if config["predict"]["drugs"] else []


def method(config: Config) -> str | None:
    """Return the method that predicts: the first completed one with a model by structure."""
    known = by_structure_alone(config)
    return next((name for name in config["completion"]["completed"] if name in known), None)


def model_file(config: Config) -> dict[str, str]:
    """Return the model, and what to expect of it, by names as a job's input."""
    name = method(config)
    return {} if name is None else {"model": model(name), "expected": calibrator(name)}


def calibrator(method: str) -> str:
    """Return where lies what to expect of a method, below results/{dataset}."""
    return f"evaluation/expected_r/{method}/calibrator.h5"


def judged_by(config: Config) -> dict[str, str]:
    """Return what says how good predictions for held-out drugs were, by name as a job's input.

    Nothing where the run holds out no whole drugs, or not with the method.
    """
    name = method(config)
    what = {"size": "large", "split": SPLIT, "method": name}
    return files_of_split(str(name)) if what in evaluated(config) else {}


def files_of_split(method: str) -> dict[str, str]:
    """Return the folds of held-out drugs and a method's scores in them, below results/{dataset}."""
    folder = f"evaluation/large/{SPLIT}"
    return {
        "folds": f"{folder}/folds.tsv",
        "scores": f"{folder}/{method}/metrics_per_profile.tsv",
    }
