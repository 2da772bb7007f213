"""What the JSON schema of `retrieval:` cannot say."""

from collections.abc import Mapping
from importlib.util import find_spec
from typing import Any

from lacuna.acquire.inputs import Inputs
from lacuna.errors import LacunaError, did_you_mean, listed
from lacuna.retrieval import stage
from lacuna.retrieval.card import (
    available,
    check_alignment_options,
    check_method_options,
    method_card,
)
from lacuna.retrieval.split import ROLES
from lacuna.structures.card import available as available_encoders
from lacuna.structures.card import check_encoder_options, check_installed, encoder_card

# The extra `retrieval`: what to install, and what it is imported as.
PACKAGES = {"umap-learn": "umap"}
METRIC_LEARNING = {"pytorch-metric-learning": "pytorch_metric_learning"}
SEARCH = {"optuna": "optuna"}


def check(config: Mapping[str, Any]) -> None:
    """Check the block `retrieval:` of a configuration whose defaults are filled in.

    Raises
    ------
    LacunaError
        If a method, an encoder or an option is unknown, lines of the test are trained on, there are
        no structures, or a package is missing.
    """
    block = config["retrieval"]
    if not block["methods"]:
        return
    _check_packages(block)
    for name in block["methods"]:
        if method_card(name).one_space and not block["alignments"]:
            raise LacunaError(
                f"retrieval: methods: {name} compares profiles with molecules in one space, and no "
                "alignment makes one. Give retrieval: alignments, or leave the method out."
            )
    for name in block["encoders"]:
        if encoder_card(name).trained:
            raise LacunaError(
                f"retrieval: encoders: {name} is trained with an alignment, and encodes nothing "
                f"before; name it there: retrieval: alignments: NAME: {{encoder: {name}}}."
            )
        check_installed(name)
    known = [*available(), *available_encoders()]
    for name, options in block["options"].items():
        if name in available():
            check_method_options(name, options)
        elif name in available_encoders():
            check_encoder_options(name, options)
        else:
            raise LacunaError(
                f"retrieval: options: unknown method or encoder {name!r}{did_you_mean(name, known)}"
                f"; available: {listed(known, 50)}."
            )
    for name, options in block["alignments"].items():
        if "/" in name or not name.isidentifier():
            raise LacunaError(
                f"retrieval: alignments: {name!r} names files; expected letters, digits and _."
            )
        check_alignment_options(name, options, block["encoders"])
    if block["trials"] and not block["alignments"]:
        raise LacunaError(
            "retrieval: trials: there is no alignment whose options could be tried; give "
            "retrieval: alignments."
        )
    _check_lines(block["lines"])
    _check_files(config)


def _check_packages(block: Mapping[str, Any]) -> None:
    needed = dict(PACKAGES)
    if block["alignments"]:
        needed |= METRIC_LEARNING
    if block["trials"]:
        needed |= SEARCH
    missing = [name for name, module in needed.items() if find_spec(module) is None]
    if missing:
        raise LacunaError(
            f"retrieval: needs {listed(sorted(set(missing)))}, which is not there. Install what "
            "this stage needs: pip install -e '.[retrieval]' -c constraints.txt."
        )


def _check_lines(lines: Mapping[str, list[str]]) -> None:
    for role in ROLES:
        if not lines[role]:
            raise LacunaError(
                f"retrieval: lines: {role} is empty; expected the names of cell lines, as the "
                "tables of wells have them."
            )
    for role in ROLES[:2]:
        if shared := sorted(set(lines["test"]) & set(lines[role])):
            raise LacunaError(
                f"retrieval: lines: {listed(shared)} is judged (test) and stands in {role}, too; "
                "expected lines that nothing was learnt on."
            )


def _check_files(config: Mapping[str, Any]) -> None:
    inputs = Inputs.of(config)
    if inputs.simulated:
        return
    series = inputs.series_with("level3") or inputs.series_with("level5")
    if not inputs.series_with("gene_info"):
        raise LacunaError(
            "retrieval: no series has gene_info; expected one that names the landmark genes."
        )
    for name in series:
        if "pert_info" not in inputs.series[name]:
            raise LacunaError(
                f"retrieval: acquire: series: {name} has no pert_info, which says the structures "
                "of its drugs (canonical_smiles). Give it."
            )
    if not stage.level3(config) and config["retrieval"]["features"] != ["treated"]:
        raise LacunaError(
            "retrieval: features: signatures (level5) have no vehicle wells; expected [treated]."
        )
