"""Keeps what a method learnt when it completed a tensor: as one model file or another."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from lacuna.completion.cell_model import TrainedOn
from lacuna.completion.interface import Predict, SideInformation, Trained
from lacuna.completion.model import CompletionModel
from lacuna.completion.registry import keeps_network
from lacuna.tensor.profiles import ProfileSet


def keep(
    path: str | Path,
    name: str,
    method: str,
    options: Mapping[str, object],
    *,
    tensor: ProfileSet,
    side: SideInformation,
    axes: Mapping[str, pd.DataFrame],
    trained: Trained,
    prepared: Predict,
    rng: np.random.Generator,
    facts: Mapping[str, str],
) -> None:
    """Write a model file.

    Parameters
    ----------
    path
        Where to.
    name, method, options
        What the run calls the method; the method, which `lacuna.completion.stage.kept` has; its
        options.
    tensor, side
        What it learnt from.
    axes
        Tables of the tensor's drugs and genes, by "drugs" and "genes".
    trained, prepared
        What `lacuna.completion.run.train_method` and `prepare_trained` returned.
    rng
        A random stream of its own, for what is learnt of drugs without any profile.
    facts
        Of the run, see `lacuna.completion.cell_model.ABOUT`.

    Raises
    ------
    UnwritableFile
        If the disk is full, or the folder may not be written to.
    """
    if keeps_network(method):
        on = TrainedOn.of(tensor, axes["drugs"], axes["genes"], name, options, **facts)
        trained.save(path, on)  # type: ignore[attr-defined] # see the card
        return
    CompletionModel.learn(name, method, options, tensor, side, prepared, rng).save(path)
