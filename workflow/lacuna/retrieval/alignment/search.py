"""The search for options: Optuna's TPE over the paper's spaces, resumed after a kill.

What each trial chose and scored stands in a file of the folder `work`, written whole after each
trial; Optuna is told of them when a search goes on. Each trial has a random stream of its own, so
that a search that was killed gives the same trials as one that was not.
"""

import json
import math
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from tqdm import tqdm

from lacuna.errors import LacunaError
from lacuna.io.atomic import write_whole
from lacuna.networks.training import fingerprint
from lacuna.retrieval.alignment import align
from lacuna.retrieval.alignment.embedders import ACTIVATIONS, grown
from lacuna.retrieval.alignment.examples import Examples
from lacuna.retrieval.alignment.extras import optional
from lacuna.retrieval.measures import distances_between
from lacuna.retrieval.ranks import ranks
from lacuna.runtime.seeds import generator

if TYPE_CHECKING:
    from lacuna.retrieval.alignment.aligned import Aligned

TRIALS = "trials.json"
RANDOM_TRIALS = 20  # before there is something to model, as in Hyperopt
# The paper's structures of the loss.
LOSSES = ("triplet_profile", "triplet_molecule", "triplet_cca", "quadruplet_code", "quintuplet")


@dataclass(frozen=True)
class Found:
    """What a search found.

    Attributes
    ----------
    options : dict
        Those of `lacuna.retrieval.alignment.align.fit` that had the lowest median rank.
    trials : DataFrame with columns trial, median_rank, and the options
        One row per trial; a rank is missing where the training diverged.
    """

    options: dict[str, Any]
    trials: pd.DataFrame


def search(
    training: Examples,
    validation: Examples,
    rng: np.random.Generator,
    *,
    trials: int = 100,
    work: Path | None = None,
    fixed: Mapping[str, Any] | None = None,
) -> Found:
    """Search for options by the median rank of validation compounds.

    A compound's query is the mean place of its validation profiles; it is ranked among all
    validation molecules after the last epoch, without early stopping.

    Parameters
    ----------
    training, validation
        See `lacuna.retrieval.alignment.align.fit`. Nothing else is looked at.
    rng
        Decides everything, whether the search is killed and goes on or not.
    trials
        How many sets of options are tried.
    work
        The folder of the file of trials and of the checkpoint of the one at work; None for none.
    fixed
        Options that are not searched.

    Raises
    ------
    LacunaError
        If there are no trials or no validation profiles, or all trainings diverged.
    """
    if trials < 1 or not len(validation.pairs.profiles):
        raise LacunaError(
            f"retrieval: search: {trials} trials by {len(validation.pairs.profiles)} validation "
            "profiles, expected at least one of each. Set search: trials, or search nothing."
        )
    fixed = {
        name: list(value) if isinstance(value, tuple) else value
        for name, value in (fixed or {}).items()
    }
    seed = int(rng.integers(2**31))
    start = fingerprint(
        **fixed, training=training.digest(), validation=validation.digest(), seed=seed
    )
    file = _File(None if work is None else Path(work) / TRIALS, start)
    done = file.read()
    for number in tqdm(range(len(done), trials), "search", initial=len(done), total=trials):
        with _quiet_optuna() as optuna:
            trial = _study(optuna, done, seed).ask()
            options = chosen(trial) | fixed
            distributions = {
                name: optuna.distributions.distribution_to_json(space)
                for name, space in trial.distributions.items()
            }
        folder = None if work is None else Path(work) / f"trial-{number}"
        rank = _median_rank(training, validation, generator(seed, "trial", number), folder, options)
        done.append(
            {
                "params": trial.params,
                "distributions": distributions,
                "value": rank,
                "options": options,
            }
        )
        file.write(done)
        if folder is not None:
            shutil.rmtree(folder, ignore_errors=True)
    done = done[:trials]
    table = pd.DataFrame([{"median_rank": trial["value"]} | trial["options"] for trial in done])
    table.insert(0, "trial", range(len(table)))
    table["median_rank"] = table["median_rank"].astype(float)
    ranks = [math.inf if trial["value"] is None else trial["value"] for trial in done]
    best = int(np.argmin(ranks))
    if math.isinf(ranks[best]):
        raise LacunaError(
            f"retrieval: search: the trainings of all {trials} trials diverged, expected one that "
            "did not. Check that features are standardised."
        )
    return Found(done[best]["options"], table)


def chosen(trial: Any) -> dict[str, Any]:
    """Return the options of `align.fit` that an Optuna trial chooses, from the paper's spaces."""
    # Hyperopt's lognormal(-7, 0.5), by its quantile; a quantile of 0 or 1 has no value.
    quantile = trial.suggest_float("rate_quantile", 1e-4, 1 - 1e-4)
    return {
        "loss": trial.suggest_categorical("loss", LOSSES),
        "beta": trial.suggest_float("beta", 0, 2),
        "margin": trial.suggest_float("margin", 0, 2),
        "negative_distance": trial.suggest_categorical(
            "negative_distance", ("expression", "structure")
        ),
        "profile_layers": _layers(trial, "profile"),
        "molecule_layers": _layers(trial, "molecule"),
        "dimensions": trial.suggest_int("dimensions", 32, 512),
        "activation": trial.suggest_categorical("activation", tuple(ACTIVATIONS)),
        "bias": trial.suggest_categorical("bias", (False, True)),
        "dropout": trial.suggest_float("dropout", 0, 0.5),
        "rank_transform": trial.suggest_categorical("rank_transform", (False, True)),
        "epochs": trial.suggest_int("epochs", 10, 30),
        "batch": trial.suggest_int("batch", 16, 512),
        "learning_rate": learning_rate(quantile),
        "rank_distance": trial.suggest_categorical("rank_distance", ("euclidean", "correlation")),
    }


def learning_rate(quantile: float) -> float:
    """Return the quantile of exp(normal distribution of mean -7 and standard deviation 0.5)."""
    from scipy.special import ndtri

    return math.exp(-7 + 0.5 * float(ndtri(quantile)))


def _layers(trial: Any, side: str) -> list[int]:
    count = trial.suggest_int(f"{side}_layers", 0, 4)
    if not count:
        return []
    base = trial.suggest_int(f"{side}_base", 32, 2048)
    growth = trial.suggest_float(f"{side}_growth", math.exp(-1.1), math.exp(1.1), log=True)
    return grown(count, base, growth)


def _median_rank(
    training: Examples,
    validation: Examples,
    rng: np.random.Generator,
    work: Path | None,
    options: Mapping[str, Any],
) -> float | None:
    """Train with some options; return the median rank, None where the training diverged."""
    from lacuna.retrieval.alignment.trainer import Diverged

    try:
        model = align.fit(training, validation, rng, work, **{**options, "early_stopping": False})
    except Diverged:
        return None
    return drug_level_median_rank(model, validation)


def drug_level_median_rank(model: "Aligned", examples: Examples) -> float:
    """Return the median rank of compounds, each looked for by the mean place of its profiles."""
    from lacuna.vectors import mean_by

    pairs = examples.pairs
    molecules = model.embed_molecules(examples.read())
    places, size = mean_by(pairs.molecule, len(molecules), model.embed_profiles(pairs.profiles))
    drugs = np.flatnonzero(size)
    distances = distances_between(places[drugs], molecules, model.network.shape.rank_distance)
    return float(np.median(ranks(distances, drugs)))


def _study(optuna: Any, done: list[dict[str, Any]], seed: int) -> Any:
    """Return a study that knows the trials that are done."""
    # The stream begins anew with each trial, so that it does not matter where a search was killed.
    stream = int(generator(seed, "sampler", len(done)).integers(2**31))
    sampler = optuna.samplers.TPESampler(
        seed=stream, n_startup_trials=RANDOM_TRIALS, multivariate=False
    )
    study = optuna.create_study(direction="minimize", sampler=sampler)
    for trial in done:
        failed = trial["value"] is None
        state = optuna.trial.TrialState.FAIL if failed else optuna.trial.TrialState.COMPLETE
        spaces = {
            name: optuna.distributions.json_to_distribution(space)
            for name, space in trial["distributions"].items()
        }
        study.add_trial(
            optuna.trial.create_trial(
                state=state, value=trial["value"], params=trial["params"], distributions=spaces
            )
        )
    return study


@contextmanager
def _quiet_optuna() -> Iterator[Any]:
    optuna = optional("optuna", "retrieval: search")
    before = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    try:
        yield optuna
    finally:
        optuna.logging.set_verbosity(before)


class _File:
    """The file of the trials that are done, of a search that begins at `start`."""

    def __init__(self, path: Path | None, start: str) -> None:
        self.path, self._start = path, start

    def read(self) -> list[dict[str, Any]]:
        """Return them; none if the file is of another search, or damaged."""
        if self.path is None or not self.path.exists():
            return []
        try:
            content = json.loads(self.path.read_text())
            if content["start"] != self._start:
                return []
            trials = content["trials"]
            for trial in trials:
                if trial.keys() != {"params", "distributions", "value", "options"}:
                    raise ValueError("a trial has other entries")
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            print(f"The search starts anew: {self.path} is damaged ({error}).")
            return []
        return trials

    def write(self, trials: list[dict[str, Any]]) -> None:
        """Write all trials."""
        if self.path is None:
            return
        with write_whole(self.path) as unfinished:
            unfinished.write_text(json.dumps({"start": self._start, "trials": trials}))
