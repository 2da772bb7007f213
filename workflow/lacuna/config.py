"""Checks the configuration and says what is wrong with it in the user's terms."""

from collections.abc import Mapping

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError

from lacuna.completion import check_options, find_method
from lacuna.errors import LacunaError, did_you_mean, listed


def check_config(config: Mapping[str, object], schema: Mapping[str, object]) -> None:
    """Check a configuration against its schema, and the methods it names.

    Raises
    ------
    LacunaError
        Naming every key that is missing, unknown or has a value out of range.
    """
    faults = sorted(Draft202012Validator(schema).iter_errors(config), key=lambda e: str(e.path))
    messages = [message for fault in faults for message in _explain(fault)]
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
    return [f"{prefix}{fault.message}"]
