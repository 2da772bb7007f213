"""The search for options as the paper made it: random, and off by default.

Hetzel et al. 2022, https://doi.org/10.48550/arXiv.2204.13545, Tables 5-7, and the ranges of the
fine-tuning in the authors' code. What each trial chose and scored stands in a file of the folder
`work`, written whole after each; each has a random stream of its own, so that a search that was
killed gives the same trials as one that was not.
"""

import importlib
import json
import math
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from tqdm import tqdm

from lacuna.errors import LacunaError
from lacuna.io.atomic import write_whole
from lacuna.networks.training import fingerprint
from lacuna.runtime.seeds import generator
from lacuna.single_cell.model.disentangle import PUBLISHED, disentanglement
from lacuna.single_cell.model.examples import Examples
from lacuna.single_cell.model.train import train
from lacuna.single_cell.model.trainer import Diverged
from lacuna.single_cell.model.validation import Validation

if TYPE_CHECKING:
    from lacuna.single_cell.model.trained import Trained

TRIALS = "trials.json"
BEST = 5
MOST_CELLS = 2000  # whose basal states are classified
Range = tuple[float, float]  # drawn evenly on a logarithmic scale
Space = Mapping[str, Range | list[int]]

OF_DRUGS: Space = {  # Table 7
    "doser_width": [64, 256, 128, 512],
    "doser_depth": [1, 2, 3],
    "doser_rate": (1e-4, 1e-2),
    "doser_decay": (1e-8, 1e-5),
    "encoder_width": [128, 256, 512],
    "encoder_depth": [2, 3, 4],
}
OF_ADVERSARIES: Space = {
    "adversary_width": [64, 256, 128],
    "adversary_depth": [2, 3, 4],
    "adversary_rate": (5e-5, 1e-2),
    "adversary_decay": (1e-8, 1e-3),
    "adversary_steps": [2, 3],
}
SPACES: dict[str, Space] = {
    "pretraining": {  # Table 6
        "dimensions": [64, 32],
        **OF_DRUGS,
        "autoencoder_width": [128, 256, 512],
        "autoencoder_depth": [3, 4, 5],
        "autoencoder_rate": (1e-4, 1e-2),
        "autoencoder_decay": (1e-8, 1e-5),
        **OF_ADVERSARIES,
        "drug_weight": (5, 100),
        "penalty_weight": (1, 10),
        "batch": [32, 64, 128],
        "step_epochs": [200, 50, 100],
    },
    "encoder": OF_DRUGS,
    "fine_tuning": {
        "autoencoder_rate": (1e-4, 1e-2),
        "autoencoder_decay": (1e-8, 1e-5),
        "doser_rate": (1e-4, 1e-2),
        **OF_ADVERSARIES,
        "drug_weight": (1, 40),
        "line_weight": (3, 50),
        "penalty_weight": (0.05, 2),
    },
}


@dataclass(frozen=True)
class Found:
    """What a search found.

    Attributes
    ----------
    options : dict
        Those of the best trial by validation among the five.
    trials : DataFrame
        A row per trial: trial, score (of validation, higher is better; missing where the training
        diverged), drug, line (accuracies of classifiers on basal states), drug_passes,
        line_passes, best (whether it is one of the five), and the options.
    """

    options: dict[str, Any]
    trials: pd.DataFrame


def search(
    examples: Examples,
    validation: Validation,
    rng: np.random.Generator,
    *,
    trials: int,
    space: str,
    work: Path | None = None,
    start: "Trained | None" = None,
    fixed: Mapping[str, Any] | None = None,
) -> Found:
    """Train with options drawn at random, and take the best.

    Of trials that are disentangled (`lacuna.single_cell.model.disentangle`, as published, on the
    validation), the five with the best validation are kept; of all, where none is.

    Parameters
    ----------
    examples, validation, start
        See `lacuna.single_cell.model.train.train`. Nothing else is looked at.
    rng
        Decides everything, whether the search is killed and goes on or not.
    trials
        How many sets of options are tried: 25 (Table 6), 18 (Table 7), 10 (fine-tuning).
    space
        One of `SPACES`.
    work
        The folder of the file of trials and of the checkpoint of the one at work; None for none.
    fixed
        Options that are not searched.

    Raises
    ------
    LacunaError
        If there are no trials, or all trainings diverged.
    """
    if trials < 1 or space not in SPACES:
        raise LacunaError(
            f"single_cell: search: {trials} trials in the space {space!r}, expected at least one "
            f"in one of {', '.join(SPACES)}. Set search: 0 to search nothing."
        )
    fixed = dict(fixed or {})
    seed = int(rng.integers(2**31))
    start_digest = fingerprint(
        *([] if start is None else [value.numpy(force=True) for value in start.weights()]),
        **fixed,
        examples=examples.digest(),
        of=validation.examples.digest(),
        seed=seed,
        space=space,
    )
    file = None if work is None else Path(work) / TRIALS
    done = _read(file, start_digest)
    for number in tqdm(range(len(done), trials), "search", initial=len(done), total=trials):
        options = drawn(space, int(generator(seed, "options", number).integers(2**31))) | fixed
        folder = None if work is None else Path(work) / f"trial-{number}"
        stream = generator(seed, "trial", number)
        done.append(
            {"options": options, **_tried(examples, validation, stream, folder, start, options)}
        )
        if file is not None:
            with write_whole(file) as unfinished:
                unfinished.write_text(json.dumps({"start": start_digest, "trials": done}))
        if folder is not None:
            shutil.rmtree(folder, ignore_errors=True)
    return _best(done[:trials])


def drawn(space: str, seed: int) -> dict[str, Any]:
    """Draw options from a space, by Optuna's random sampler."""
    optuna = _optuna()
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=seed))
    trial = study.ask()
    return {
        name: trial.suggest_categorical(name, values)
        if isinstance(values, list)
        else trial.suggest_float(name, *values, log=True)
        for name, values in SPACES[space].items()
    }


def _tried(
    examples: Examples,
    validation: Validation,
    rng: np.random.Generator,
    work: Path | None,
    start: "Trained | None",
    options: Mapping[str, Any],
) -> dict[str, Any]:
    """Train once; return score, accuracies, and whether these pass."""
    try:
        model = train(examples, validation, rng, work, start, **options)
    except Diverged:
        return {"score": None}
    assert model.losses is not None
    scores = model.losses["validation"].dropna()
    kept = scores.iloc[-1] if model.settings.checkpoint == "last" else scores.max()
    some = np.arange(len(validation.examples))
    if len(some) > MOST_CELLS:
        some = np.sort(rng.choice(some, MOST_CELLS, replace=False))
    found = disentanglement(
        model.basal(validation.examples.rows(some)),
        labels(validation.examples, some),
        rng,
        examples.kind,
    )
    published = found[found["way"] == PUBLISHED].set_index("of")
    return {
        "score": float(kept),
        **{of: float(published.loc[of, "accuracy"]) for of in published.index},
        **{f"{of}_passes": bool(published.loc[of, "passes"]) for of in published.index},
    }


def labels(examples: Examples, which: np.ndarray) -> dict[str, np.ndarray]:
    """Return drug (the first of several) and line of some examples, by name."""
    return {
        "drug": examples.molecules.names.to_numpy(str)[examples.drug[which, 0]],
        "line": examples.lines.to_numpy(str)[examples.line[which]],
    }


def _best(done: list[dict[str, Any]]) -> Found:
    table = pd.DataFrame(
        [
            {**{k: v for k, v in trial.items() if k != "options"}, **trial["options"]}
            for trial in done
        ]
    )
    table.insert(0, "trial", range(len(table)))
    table["score"] = table["score"].astype(float)
    if table["score"].isna().all():
        raise LacunaError(
            f"single_cell: search: the trainings of all {len(table)} trials diverged, expected one "
            "that did not. Check that expression is on a logarithmic scale."
        )
    passing = table["drug_passes"].eq(True) & table["line_passes"].eq(True)
    among = table[passing] if passing.any() else table
    ranked = among.sort_values("score", ascending=False, kind="stable").dropna(subset="score")
    table.insert(2, "best", table["trial"].isin(ranked["trial"].head(BEST)))
    return Found(done[int(ranked["trial"].iloc[0])]["options"], table)


def _read(file: Path | None, start: str) -> list[dict[str, Any]]:
    """Return trials that are done; none if the file is of another search, or damaged."""
    if file is None or not file.exists():
        return []
    try:
        content = json.loads(file.read_text())
        if content["start"] != start:
            return []
        trials = content["trials"]
        for trial in trials:
            if not isinstance(trial["options"], dict) or not _is_score(trial["score"]):
                raise ValueError("a trial has other entries")
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        print(f"The search starts anew: {file} is damaged ({error}).")
        return []
    return trials


def _is_score(value: object) -> bool:
    return value is None or (isinstance(value, float) and math.isfinite(value))


def _optuna() -> Any:
    try:
        optuna = importlib.import_module("optuna")
    except ModuleNotFoundError as error:
        raise LacunaError(
            "single_cell: search needs the package optuna, which is not installed. Install it: "
            "pip install 'optuna>=4.4,<6', or set search: 0."
        ) from error
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    return optuna
