"""Checks the configuration and says what is wrong with it in the user's terms."""

import math
import re
from collections.abc import Mapping

from jsonschema import Draft202012Validator, validators
from jsonschema.exceptions import ValidationError

from lacuna.completion.registry import check_options, find_method
from lacuna.errors import LacunaError, did_you_mean, listed
from lacuna.io.untrusted import CONTROL

# YAML has .nan and .inf, which pass every comparison or none.
_types = Draft202012Validator.TYPE_CHECKER
_Validator = validators.extend(
    Draft202012Validator,
    type_checker=_types.redefine(
        "number",
        lambda _, value: _types.is_type(value, "number") and math.isfinite(value),
    ),
)


def check_config(config: Mapping[str, object], schema: Mapping[str, object]) -> None:
    """Check a configuration against its schema, and the methods it names.

    Raises
    ------
    LacunaError
        Naming every key that is missing, unknown or has a value out of range.
    """
    try:
        faults = sorted(_Validator(schema).iter_errors(config), key=lambda e: str(e.path))
        messages = [
            *_strange_texts(config),
            *(said for fault in faults for said in _explain(fault)),
        ]
    except RecursionError as error:
        raise LacunaError(
            "the configuration holds a part of itself, or is nested too deeply; "
            "write out what stands behind its YAML aliases (*name)."
        ) from error
    if messages:
        raise LacunaError(
            "the configuration has mistakes:\n  "
            + "\n  ".join(messages)
            + "\nconfig/README.md explains every key."
        )
    for name in [*config["methods"], *config["controls"]]:
        find_method(name)
    for name, options in config["method_options"].items():
        check_options(name, options)
    asked = {
        "completed": config["completed"],
        "classify: completed": config["classify"]["completed"],
    }
    for key, names in asked.items():
        for name in names:
            if name not in config["methods"]:
                raise LacunaError(
                    f"{key}: {name!r} is not among methods"
                    f"{did_you_mean(name, config['methods'])}; "
                    f"expected some of {listed(config['methods'], 20)}."
                )
    if config["source"] == "files" and not config["files"]["series"]:
        raise LacunaError("files: series is empty; with source: files, name at least one series.")
    for analysis, kind in (("factors", "gene_sets"), ("transfer", "external")):
        asked_for = config["source"] == "files" and analysis in config["cell_to_cell"]["analyses"]
        if asked_for and not config["files"][kind]:
            raise LacunaError(
                f"cell_to_cell: analyses: {analysis} needs files: {kind}, which is empty. Name "
                f"files there, or take {analysis} out."
            )
    for name, files in config["files"]["series"].items():
        if ("level3" in files) == ("level5" in files):
            raise LacunaError(
                f"files: series: {name}: expected either level3 (with inst_info and gene_info) or "
                "level5 (with sig_info)."
            )


def _strange_texts(node: object, where: str = "") -> list[str]:
    if isinstance(node, str) and (found := re.search(f"<|{CONTROL}", node)):
        # The report has parameters of rules in its code, where </script> would end it.
        return [f"{where}{node!r} holds {found.group()!r}; name it in another way (a drug: by id)"]
    if isinstance(node, list):
        return [said for child in node for said in _strange_texts(child, where)]
    if not isinstance(node, Mapping):
        return []
    own = [
        f"{where}key {key!r} is no text; put it in quotes"
        for key in node
        if not isinstance(key, str)
    ]
    below = (_strange_texts(child, f"{where}{key}: ") for key, child in node.items())
    return [*own, *(said for messages in below for said in messages)]


def _explain(fault: ValidationError) -> list[str]:
    where = ": ".join(map(str, fault.absolute_path))
    prefix = f"{where}: " if where else ""
    if fault.validator == "additionalProperties":
        known = fault.schema.get("properties", {})
        return [
            f"{prefix}unknown key {key!r}{did_you_mean(str(key), known)}; "
            f"expected some of {listed(known, 20)}"
            for key in fault.instance
            if key not in known
        ]
    if fault.validator == "pattern" and "description" in fault.schema:
        return [f"{prefix}{fault.instance!r} is not {fault.schema['description']}"]
    return [f"{prefix}{fault.message}"]
