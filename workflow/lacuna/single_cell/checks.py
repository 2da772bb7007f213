"""What the JSON schema of `single_cell:` cannot say."""

from collections.abc import Mapping
from importlib.util import find_spec
from typing import Any

from lacuna.acquire.inputs import Inputs
from lacuna.errors import LacunaError, did_you_mean, listed
from lacuna.single_cell import stage
from lacuna.single_cell.card import (
    available,
    check_method_options,
    check_model_options,
    method_card,
)
from lacuna.structures.card import available as available_encoders
from lacuna.structures.card import check_encoder_options, check_installed, encoder_card

# The extra `single_cell`: what to install, and what it is imported as.
PACKAGES = {"scanpy": "scanpy", "umap-learn": "umap"}
SEARCH = {"optuna": "optuna"}


def check(config: Mapping[str, Any]) -> None:
    """Check the block `single_cell:` of a configuration whose defaults are filled in.

    Raises
    ------
    LacunaError
        If a target, an encoder, a method or an option is unknown, there are no bulk wells to begin
        from, or a package is missing.
    """
    block = config["single_cell"]
    if not block["models"]:
        return
    _check_packages(block)
    inputs = Inputs.of(config)
    _check_targets(block, inputs)
    encoders = [*available_encoders(), stage.LEARNED, *inputs.vectors(config["dataset"])]
    for name in block["models"]:
        if not name.isidentifier():
            raise LacunaError(
                f"single_cell: models: {name!r} names files; expected letters, digits and _."
            )
        encoder = stage.encoder(config, name)
        if encoder not in encoders:
            raise LacunaError(
                f"single_cell: models: {name}: encoder is {encoder!r}"
                f"{did_you_mean(encoder, encoders)}; expected one of {listed(encoders, 50)}. "
                "A table of vectors from outside is named under acquire: vectors."
            )
        if encoder in available_encoders():
            check_installed(encoder)
        check_model_options(name, stage.training_options(config, name))
        check_model_options(name, stage.pretraining_options(config, name))
    _check_options(block)
    if stage.has_bulk(config) and not stage.screens(config, config["dataset"]):
        raise LacunaError(
            f"single_cell: starts is {listed(block['starts'])}, and acquire: series has no level3: "
            "there are no bulk wells to begin from. Name a series, or give starts: [scratch]."
        )


def _check_packages(block: Mapping[str, Any]) -> None:
    needed = PACKAGES | (SEARCH if block["search"] else {})
    missing = [name for name, module in needed.items() if find_spec(module) is None]
    if missing:
        raise LacunaError(
            f"single_cell: needs {listed(sorted(missing))}, which is not there. Install what "
            "this stage needs: pip install -e '.[single-cell]' -c constraints.txt."
        )


def _check_targets(block: Mapping[str, Any], inputs: Inputs) -> None:
    if not block["targets"]:
        raise LacunaError(
            "single_cell: targets is empty; expected the name of one of acquire: cells at least: "
            f"{listed(inputs.cells, 50) or 'there is none'}."
        )
    for name, described in block["targets"].items():
        if name not in inputs.cells:
            raise LacunaError(
                f"single_cell: targets: {name!r}{did_you_mean(name, inputs.cells)} is none of "
                f"acquire: cells: {listed(inputs.cells, 50) or 'which is empty'}."
            )
        for split, key in (("named", "drugs"), ("lines", "lines")):
            if split in described["splits"] and not described[key]:
                raise LacunaError(
                    f"single_cell: targets: {name}: {key} is empty; expected the names that the "
                    f"split {split} holds out."
                )


def _check_options(block: Mapping[str, Any]) -> None:
    known = [*available(), *available_encoders()]
    for name in block["methods"]:
        if name not in available():
            raise LacunaError(
                f"single_cell: methods: unknown method {name!r}{did_you_mean(name, available())}; "
                f"available: {listed(available(), 50)}."
            )
        if encoder := method_card(name).encoder:
            check_installed(encoder)
    for name, options in block["options"].items():
        if name in available():
            check_method_options(name, options)
        elif name in available_encoders():
            if not encoder_card(name).trained:
                check_encoder_options(name, options)
        else:
            raise LacunaError(
                f"single_cell: options: unknown method or encoder {name!r}"
                f"{did_you_mean(name, known)}; available: {listed(known, 50)}."
            )
