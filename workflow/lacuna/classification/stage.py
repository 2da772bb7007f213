"""What the classification of a run consists of."""

from collections.abc import Mapping
from typing import Any

from lacuna.acquire.inputs import Inputs
from lacuna.classification.classifiers import CLASSIFIERS

Config = Mapping[str, Any]
TREES_PER_PROCESS = 100  # many trees are what tells a run of full size


def completed(config: Config) -> list[str]:
    """Return the methods whose finished tensors are classified; none without annotations."""
    return list(config["classification"]["completed"]) if Inputs.of(config).annotation_files else []


def files(config: Config, table: str) -> list[str]:
    """Return a file that classify_drugs writes, of every method and classifier."""
    return [
        f"classification/{method}/{model}/{table}"
        for method in completed(config)
        for model in CLASSIFIERS
    ]


def imputed(config: Config, method: str) -> dict[str, str]:
    """Return the file of gaps filled within the folds, by its name as an input, if it is wanted."""
    wanted = config["classification"]["nested_imputation"]
    return {"imputed": f"classification/{method}/imputed.h5"} if wanted else {}


def completions(config: Config) -> int:
    """Return how many completions the gaps filled within the folds take, at most."""
    block = config["classification"]
    classes = block["atc_classes"]
    tasks = (len(classes) if isinstance(classes, list) else classes) + block["targets"]
    return int(tasks * block["folds"])


def threads(config: Config, model: str) -> int:
    """Return how many tasks a classifier tells side by side: several in runs of full size."""
    trees = config["classification"]["trees"] if CLASSIFIERS[model].slow else 0
    return max(1, trees // TREES_PER_PROCESS)


def published(config: Config) -> dict[str, list[str]]:
    """Return the files of numbers that papers print too: see `lacuna.classification.published`."""
    return {"classes": ["classification/tests.tsv"] if completed(config) else []}


def results(config: Config) -> list[str]:
    """Return the tables and pages that a run makes, below results/{dataset}."""
    return ["classification/pages/classification.html"] if completed(config) else []
