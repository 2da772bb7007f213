"""The published models as plain tables: what `train` takes where nothing else is said.

Hetzel et al. 2022, https://doi.org/10.48550/arXiv.2204.13545. `v1` is the code of the paper (tag
v1.0 of theislab/chemCPA), with the best settings of its Table 6; `head` is the authors' code of
later. `corrected`, the default, is ours: each entry that differs is argued where it stands.
"""

from collections.abc import Callable, Mapping
from functools import wraps
from inspect import signature
from typing import Any, ParamSpec, TypeVar

from lacuna.completion.card import check_values, declared_options

P = ParamSpec("P")
T = TypeVar("T")

V1: dict[str, Any] = {
    "order": "scaled_input",
    "doser": "linear",
    "dose": "raw",
    "controls": "drug",
    "drug_adversary": "cross_entropy",
    "genes": "raw",
    "decoder_activation": "linear",
    "penalty": "squares",
    "base": "pooled",
    "base_cells": 500,
    "offset": "none",
    "variance": "mean",
    "score": "published",
    "checkpoint": "last",
    "extension": "adapters",
    "carried_lines": "none",
    "dimensions": 32,
    "autoencoder_width": 256,
    "autoencoder_depth": 4,
    "autoencoder_rate": 1.12e-3,
    "autoencoder_decay": 3.75e-7,
    "doser_width": 64,
    "doser_depth": 1,
    "doser_rate": 5.61e-4,
    "doser_decay": 1.33e-7,
    "encoder_width": 128,
    "encoder_depth": 3,
    "adversary_width": 128,
    "adversary_depth": 3,
    "adversary_rate": 8.06e-4,
    "adversary_decay": 4e-6,
    "adversary_steps": 2,
    "drug_weight": 24.1,
    # Absent from the published settings of the bulk screen: one weight for both, we infer.
    "line_weight": 24.1,
    "penalty_weight": 3.35,
    "batch": 128,
    "epochs": 1500,
    "step_epochs": 100,
    "gamma": 0.5,
    "clip": 0.0,
    "check_every": 25,
    "patience": 50,
}

HEAD: dict[str, Any] = V1 | {
    "order": "scaled_output",
    "doser": "sigmoid",
    "drug_adversary": "multi_label",
    "decoder_activation": "relu",
    "autoencoder_rate": 1.575e-3,
    "autoencoder_decay": 6.25e-7,
    "doser_depth": 3,
    "encoder_depth": 4,
    "adversary_rate": 1.19e-3,
    "adversary_decay": 9.8e-6,
    "adversary_steps": 3,
    "drug_weight": 9.10,
    "line_weight": 16.17,
    "penalty_weight": 0.455,
    "batch": 256,
    "epochs": 201,
    "step_epochs": 6,
    "gamma": 0.9,
    "clip": 1.0,
}

CORRECTED: dict[str, Any] = HEAD | {
    # With z_d = s M(h) and s below 1, no dose beyond those measured throws z_d far away; with
    # M(s h) and a linear s, one does.
    "drug_adversary": "cross_entropy",
    "dose": "log1p",  # one unit in bulk and in cells, and no 10,000 before a BatchNorm
    "controls": "zero",  # a vehicle does nothing, whatever its structure says
    # Wells and cells are on other scales; what one taught says nothing of the other's levels.
    "genes": "standardised",
    "decoder_activation": "linear",  # signatures are negative, too
    "base": "line",  # the controls of other lines say nothing that this line's do not
    "base_cells": 100,
    # Of a line that was never trained on, the decoder misses more than a drug changes; what it
    # misses of the line's own controls, which are measured, it misses of treated cells, too.
    "offset": "controls",
    "variance": "total",
    "score": "change",
    "checkpoint": "best",
    # On planted screens (bench/single_cell_options.py) the better one, and it needs no gene of
    # pretraining that the cells lack.
    "extension": "matched",
    "carried_lines": "named",
    "check_every": 5,
    "patience": 10,
    "epochs": 200,
    "step_epochs": 50,
    "gamma": 0.5,
}

PRESETS: dict[str, dict[str, Any]] = {"v1": V1, "head": HEAD, "corrected": CORRECTED}

# Table 7: by encoder of molecules, what differs from Table 6. 18 random samples each.
TABLE_7: dict[str, dict[str, Any]] = {
    "GROVER": {"doser_width": 512, "doser_depth": 2, "doser_rate": 5.61e-4, "doser_decay": 1.33e-7}
    | {"encoder_width": 512, "encoder_depth": 3},
    "MPNN": {"doser_width": 64, "doser_depth": 2, "doser_rate": 1.58e-3, "doser_decay": 6.25e-7}
    | {"encoder_width": 128, "encoder_depth": 4},
    "RDKit": {"doser_width": 64, "doser_depth": 3, "doser_rate": 1.12e-3, "doser_decay": 3.75e-7}
    | {"encoder_width": 128, "encoder_depth": 4},
    "weave": {"doser_width": 512, "doser_depth": 2, "doser_rate": 1.12e-3, "doser_decay": 2.94e-8}
    | {"encoder_width": 128, "encoder_depth": 3},
    "JT-VAE": {"doser_width": 64, "doser_depth": 2, "doser_rate": 2.05e-4, "doser_decay": 2.94e-8}
    | {"encoder_width": 256, "encoder_depth": 4},
    "GCN": {"doser_width": 512, "doser_depth": 2, "doser_rate": 2.05e-4, "doser_decay": 1.33e-6}
    | {"encoder_width": 128, "encoder_depth": 3},
}

# What the authors' fine-tuning on cells has in common (10 random samples of the rest each).
FINE_TUNING: dict[str, Any] = {
    "batch": 32,
    "decoder_activation": "relu",
    "epochs": 201,
    "check_every": 50,
    "patience": 50,
    "step_epochs": 50,
}


def filled(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return options with what their preset says of all others."""
    return PRESETS[options.get("preset", "corrected")] | dict(options)


def with_preset(function: Callable[P, T]) -> Callable[P, T]:
    """Let a function take the options that it is not given from the preset that it is given.

    Raises
    ------
    LacunaError
        When it is called, if an option is unknown or has a value that it cannot have.
    """
    declared = declared_options(function)
    others = signature(function).parameters.keys() - declared.keys()

    @wraps(function)
    def called(*arguments: P.args, **options: P.kwargs) -> T:
        given = {name: value for name, value in options.items() if name not in others}
        check_values("the model", given, declared, "single_cell: models")
        return function(*arguments, **(options | filled(given)))  # type: ignore[arg-type]

    return called
