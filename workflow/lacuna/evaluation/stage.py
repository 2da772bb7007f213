"""What the evaluation of a run consists of: its predictions, folds, tables and files."""

from collections.abc import Iterable, Mapping
from typing import Any

from lacuna.completion.registry import card, is_trained
from lacuna.completion.variants import Variant, read_methods

Config = Mapping[str, Any]
MOST_SIMILAR = "evaluation/most_similar.tsv"
# Held-out profiles that teach what to expect of a prediction: for gaps, new drugs and new cells.
TEACHING = ("profiles", "drugs", "cells")
LEADS = "evaluation/leads.tsv"


def wanted(config: Config) -> bool:
    """Return whether a run has a tensor: it has, where a method is to complete it."""
    return bool(config["completion"]["methods"])


def results(config: Config) -> list[str]:
    """Return the tables and pages that a run makes, below results/{dataset}."""
    density = ["evaluation/density.tsv"] if config["evaluation"]["density"]["percents"] else []
    return [
        "metrics.tsv",
        "evaluation/metrics_per_fold.tsv",
        "evaluation/metrics_by_pert_type.tsv",
        "evaluation/comparisons.tsv",
        LEADS,
        *density,
        *(["evaluation/subsets.tsv"] if config["evaluation"]["subsets"]["drugs"] else []),
        "evaluation/where.tsv",
        "evaluation/specificity_kept.tsv",
        "evaluation/parts.tsv",
        "evaluation/gene_correlations.tsv",
        "evaluation/gene_correlations_kept.tsv",
        *similarity_files(config),
        MOST_SIMILAR,
        *expected_files(config),
        *(f"completed/{method}_genes.tsv.gz" for method in config["completion"]["completed"]),
        "evaluation/pages/methods.html",
        "evaluation/pages/where.html",
        "evaluation/pages/most_similar.html",
    ]


def published(config: Config) -> dict[str, list[str]]:
    """Return the files of numbers that papers print too: see `lacuna.evaluation.published`."""
    density = ["evaluation/density.tsv"] if config["evaluation"]["density"]["percents"] else []
    return {"metrics": ["metrics.tsv"], "density": density, "most_similar": [MOST_SIMILAR]}


def methods(config: Config) -> dict[str, Variant]:
    """Return the methods compared, by the name they go by in this run."""
    return read_methods(config["completion"]["methods"], config["completion"]["options"])


def players(config: Config) -> dict[str, Variant]:
    """Return the methods compared and the controls, by name."""
    options = config["completion"]["options"]
    return methods(config) | read_methods(config["completion"]["controls"], options)


def simple(config: Config) -> list[str]:
    """Return the methods and controls that are plain means or sums of means, by their cards."""
    return [name for name, how in players(config).items() if card(how.method).simple]


def simple_controls(config: Config) -> list[str]:
    """Return those of `simple` that are controls."""
    return [name for name in simple(config) if name not in methods(config)]


def asked(config: Config, split: str) -> dict[str, Variant]:
    """Return the methods that predict what a split holds out, by name."""
    without = config["evaluation"]["splits"][split]["without"]
    return {name: how for name, how in methods(config).items() if name not in without}


def evaluated(config: Config) -> list[dict[str, str]]:
    """Return size, split and method of all that is cross-validated.

    Controls judge the scoring, for which holding out single profiles will do.
    """
    return [
        {"size": size, "split": split, "method": method}
        for split, how in config["evaluation"]["splits"].items()
        for size in how["sizes"]
        for method in (players(config) if split == "profiles" else asked(config, split))
    ]


def batches(total: int, at_once: int) -> list[list[int]]:
    """Deal the numbers from 0 on to jobs, in order."""
    return [list(range(first, min(first + at_once, total))) for first in range(0, total, at_once)]


def folds(config: Config, split: str) -> list[list[int]]:
    """Return the folds of a split that each job predicts."""
    block = config["evaluation"]
    return batches(block["splits"][split]["folds"], block["folds_per_job"])


def folds_of(config: Config, split: str, batch: str) -> list[int]:
    """Return the folds that a job predicts."""
    return folds(config, split)[int(batch)]


def repeats(config: Config) -> list[list[int]]:
    """Return the repeats of the density experiment that each job does."""
    density = config["evaluation"]["density"]
    return batches(density["repeats"], density["repeats_per_job"])


def repeats_of(config: Config, batch: str) -> list[int]:
    """Return the repeats of the density experiment that a job does."""
    return repeats(config)[int(batch)]


def predictions(config: Config, size: str, split: str, method: str, **_: str) -> list[str]:
    """Return the files that hold a method's predictions of all folds, fold by fold."""
    folder = f"evaluation/{size}/{split}/{method}"
    return [f"{folder}/{file}" for file in prediction_files(config, split)]


def all_predictions(config: Config, split: str) -> list[str]:
    """Return the files of predictions of all methods asked on the large tensor.

    The first file of each method, then the second of each, and so on.
    """
    return [
        f"evaluation/large/{split}/{method}/{file}"
        for file in prediction_files(config, split)
        for method in asked(config, split)
    ]


def splits_by_similarity(config: Config) -> list[str]:
    """Return the splits that are scored without drugs similar to those of training."""
    splits = config["evaluation"]["splits"]
    return [split for split in ("profiles", "drugs") if "large" in splits[split]["sizes"]]


def similarity_files(config: Config) -> list[str]:
    """Return the tables of accuracy without similar drugs, one per split."""
    return [
        f"evaluation/large/{split}/without_similar.tsv" for split in splits_by_similarity(config)
    ]


def prediction_files(config: Config, split: str) -> list[str]:
    """Return the names of the files that hold a method's predictions, in the order of folds."""
    return [f"predicted_{batch}.h5" for batch in range(len(folds(config, split)))]


def teaching(config: Config, method: str) -> list[str]:
    """Return the splits that teach what to expect of a method's predictions."""
    splits = config["evaluation"]["splits"]
    return [
        split
        for split in TEACHING
        if "large" in splits[split]["sizes"] and method in asked(config, split)
    ]


def teaching_files(config: Config, method: str) -> dict[str, list[str]]:
    """Return the folds of each of these splits, and the predictions of all folds."""
    return {
        split: [
            f"evaluation/large/{split}/folds.tsv",
            *predictions(config, "large", split, method),
        ]
        for split in teaching(config, method)
    }


def expected_files(config: Config) -> list[str]:
    """Return the tables that judge what is expected of each product's predictions."""
    return [
        f"evaluation/expected_r/{method}/tiers.tsv" for method in config["completion"]["completed"]
    ]


def trained(config: Config) -> list[dict[str, Any]]:
    """Return each file of predictions by methods that are trained once per fold.

    Returns
    -------
    list of dict with size, split, method, folds (those in the file) and file
    """
    known = players(config)
    return [
        {**what, "folds": held_out, "file": "/".join([*what.values(), name])}
        for what in evaluated(config)
        if is_trained(known[what["method"]].method)
        for held_out, name in zip(
            folds(config, what["split"]), prediction_files(config, what["split"]), strict=True
        )
    ]


def tables(config: Config, table: str, names: Iterable[str]) -> list[str]:
    """Return the paths of a table that score_method writes, of every split, size and method."""
    wanted = set(names)
    return [
        "/".join(["evaluation", *what.values(), table])
        for what in evaluated(config)
        if what["method"] in wanted
    ]


def few(config: Config) -> list[str]:
    """Return the methods that have figures of their own: those named that the run compares.

    None where the figures would be those of all methods, or of one.
    """
    named = [name for name in config["evaluation"]["figures"]["methods"] if name in methods(config)]
    return named if 1 < len(named) < len(methods(config)) else []


def of_methods(
    config: Config, files: str | list[str], of: Iterable[str] | None = None
) -> list[str]:
    """Return files that methods have of the large tensor's held-out profiles, by method.

    Of all methods of the run, or of some.
    """
    names = [files] if isinstance(files, str) else files
    return [
        f"evaluation/large/profiles/{method}/{name}"
        for method in (methods(config) if of is None else of)
        for name in names
    ]


def density_files(config: Config) -> list[str]:
    """Return the files of all methods' scores at each density."""
    return [
        f"evaluation/density/{method}/pct_{batch}.tsv"
        for method in methods(config)
        for batch in range(len(repeats(config)))
    ]


def subset_files(config: Config) -> list[str]:
    """Return the files of all methods' scores on random subsets of the drugs."""
    return [f"evaluation/subsets/{method}.tsv" for method in methods(config)]
