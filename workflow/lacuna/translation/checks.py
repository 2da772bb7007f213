"""What the JSON schema of `translation:` cannot say."""

from collections.abc import Mapping
from importlib.util import find_spec
from typing import Any

from lacuna.acquire.inputs import Inputs
from lacuna.errors import LacunaError, did_you_mean, listed
from lacuna.translation.card import available, check_step_options, step_card
from lacuna.translation.chain import END_TO_END
from lacuna.translation.stage import has_pairs

# The extra `translation`: what to install, and what it is imported as.
PACKAGES = {"POT": "ot", "pyarrow": "pyarrow"}


def check(config: Mapping[str, Any]) -> None:
    """Check the block `translation:` of a configuration whose defaults are filled in.

    Raises
    ------
    LacunaError
        If a step or an option is unknown, a file is not there, or the model to write is not among
        the chains compared.
    """
    block = config["translation"]
    if not block["landmarks"]:
        return
    _check_packages()
    for kind in ("landmarks", "genome"):
        for name in block[kind]:
            step_card(kind, name)
    known = {name: kind for kind in ("landmarks", "genome") for name in available(kind)}
    for name, options in block["options"].items():
        if name not in known:
            raise LacunaError(
                f"translation: options: unknown step {name!r}{did_you_mean(name, known)}; "
                f"available: {listed(known, 50)}."
            )
        check_step_options(known[name], name, options)
    first, second = block["translated"]
    _check_among("end_to_end", block["end_to_end"], block["landmarks"], "landmarks")
    for name in block["landmarks"]:
        if step_card("landmarks", name).needs_pairs and not has_pairs(config):
            raise LacunaError(
                f"translation: landmarks: {name} learns from samples measured both ways; give "
                "acquire: pairs or translation: lines_of, or leave the step out."
            )
        if step_card("landmarks", name).needs_pairs and name in block["end_to_end"]:
            raise LacunaError(
                f"translation: end_to_end: {name} learns from pairs, which would be judged on "
                "themselves; expected steps that need none."
            )
    _check_among("translated", [first], block["landmarks"], "landmarks")
    if second == END_TO_END:
        _check_among("translated", [first], block["end_to_end"], "end_to_end")
    else:
        _check_among("translated", [second], block["genome"], "genome")
    _check_files(config)
    for one in block["targets"]:
        _check_studies(one["drug"], one.get("studies", []))


def _check_studies(drug: str, studies: list[dict[str, str]]) -> None:
    names = [study["study"] for study in studies]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise LacunaError(
            f"translation: targets: {drug!r} has the studies {listed(twice)} twice; expected each "
            "once. Divide a study of several comparisons in the table of samples."
        )
    for study in studies:
        if study["treated"] == study["control"]:
            raise LacunaError(
                f"translation: targets: study {study['study']!r}: treated and control are both "
                f"{study['control']!r}; expected two conditions."
            )


def _check_among(key: str, asked: list[str], among: list[str], where: str) -> None:
    for name in asked:
        if name not in among:
            raise LacunaError(
                f"translation: {key}: {name!r} is not among translation: {where}"
                f"{did_you_mean(name, among)}; expected one of {listed(among, 20)}."
            )


def _check_files(config: Mapping[str, Any]) -> None:
    inputs, lines = Inputs.of(config), config["translation"]["lines_of"]
    if not inputs.rnaseq:
        raise LacunaError(
            "translation: there is no RNA-seq to learn from; expected entries in acquire: rnaseq."
        )
    if not inputs.simulated and not inputs.series_with("gene_info"):
        raise LacunaError(
            "translation: no series of acquire: series has gene_info, by which the landmark genes "
            "are known; expected it beside level3."
        )
    ageing = config["translation"]["ageing"]
    if ageing is not None and ageing not in inputs.rnaseq:
        raise LacunaError(
            f"translation: ageing: {ageing!r} is not among acquire: rnaseq"
            f"{did_you_mean(ageing, inputs.rnaseq)}; it has {listed(inputs.rnaseq, 20)}."
        )
    if lines is None:
        return
    if lines not in inputs.rnaseq:
        raise LacunaError(
            f"translation: lines_of: {lines!r} is not among acquire: rnaseq"
            f"{did_you_mean(lines, inputs.rnaseq)}; it has {listed(inputs.rnaseq, 20)}."
        )
    if not inputs.series_with("baseline"):
        raise LacunaError(
            "translation: lines_of: needs a series with a baseline, whose cell lines it finds in "
            f"{lines}; no series of acquire: series has one."
        )


def _check_packages() -> None:
    missing = [package for package, module in PACKAGES.items() if find_spec(module) is None]
    if missing:
        raise LacunaError(
            f"translation: needs the Python packages {listed(missing)}, which are not installed. "
            "Install them beside Lacuna: pip install 'lacuna[translation]', or in its folder "
            "pip install --editable '.[translation]'."
        )
