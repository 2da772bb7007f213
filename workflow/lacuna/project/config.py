"""Reads the configuration of a run and says what is wrong with it in the user's terms."""

import importlib
import importlib.util
import math
import os
import re
from collections.abc import Mapping
from typing import Any

from jsonschema import Draft202012Validator, validators
from jsonschema.exceptions import ValidationError

from lacuna.errors import LacunaError, did_you_mean, listed
from lacuna.io.untrusted import CONTROL
from lacuna.project.config_old_keys import rename_old_keys
from lacuna.project.config_schema import assemble_schema, fill_defaults

# What JSON calls the types of values, in the words of people who write YAML.
TYPES = {
    "object": "a block of keys (key: value)",
    "array": "a list ([one, two], or a line with - for each)",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "string": "a text",
    "null": "nothing (null)",
}
LONGEST = 60  # letters of a value that is shown
HOME = r"~([^/]*/|$)"  # how a path begins that lies in a home folder
# YAML has .nan and .inf, which pass every comparison or none.
_types = Draft202012Validator.TYPE_CHECKER
_Validator = validators.extend(
    Draft202012Validator,
    type_checker=_types.redefine(
        "number",
        lambda _, value: _types.is_type(value, "number") and math.isfinite(value),
    ),
)


def prepare(config: Mapping[str, Any]) -> dict[str, Any]:
    """Return a configuration with today's keys and every default filled in, checked.

    Parameters
    ----------
    config
        As the user wrote it; it stays as it is. Old keys are taken for the new ones.

    Returns
    -------
    dict
        A block for each stage, with every key that has a value or a default, and ~ in paths
        expanded. Preparing it again changes nothing.

    Raises
    ------
    LacunaError
        Naming every key that is missing, unknown or has a value out of range, or what does not
        fit together.
    """
    schema = assemble_schema()
    try:
        renamed = rename_old_keys(config)[0] if isinstance(config, Mapping) else config
        filled = expand_home(fill_defaults(renamed, schema))
        messages = [*_strange_texts(filled), *_faults(filled, schema)]
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
    for stage in schema["properties"]:
        module = f"lacuna.{stage}.checks"
        if isinstance(filled[stage], Mapping) and importlib.util.find_spec(module):
            importlib.import_module(module).check(filled)
    return filled


def expand_home(node: Any) -> Any:
    """Return a configuration in which paths that begin in a home folder, as ~/data, say which."""
    if isinstance(node, str):
        return os.path.expanduser(node) if re.match(HOME, node) else node
    if isinstance(node, list):
        return [expand_home(child) for child in node]
    if isinstance(node, Mapping):
        return {key: expand_home(child) for key, child in node.items()}
    return node


def notices(config: Mapping[str, Any]) -> list[str]:
    """Return what to tell the user of old keys in the configuration: a line for each."""
    return rename_old_keys(config)[1]


def _faults(config: object, schema: Mapping[str, Any]) -> list[str]:
    faults = sorted(_Validator(schema).iter_errors(config), key=lambda fault: str(fault.path))
    # Each missing key is a fault of its own, which names all of them.
    return list(dict.fromkeys(message for fault in faults for message in _explain(fault)))


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
    schema: Mapping[str, Any] = fault.schema if isinstance(fault.schema, Mapping) else {}
    instance: Any = fault.instance
    if fault.validator == "additionalProperties":
        known = schema.get("properties", {})
        return [
            f"{prefix}unknown key {key!r}{did_you_mean(str(key), known)}; "
            f"expected some of {listed(known, 20)}"
            for key in instance
            if key not in known
        ]
    if fault.validator == "required":
        missing = [key for key in schema["required"] if key not in instance]
        known = schema.get("properties", {})
        return [f"{prefix}{key!r} is missing.{_what_to_write(key, known)}" for key in missing]
    if fault.validator == "pattern" and "description" in schema:
        return [f"{prefix}{instance!r} is not {schema['description']}"]
    if fault.validator == "type":
        asked = schema["type"]
        wanted = " or ".join(TYPES[kind] for kind in ([asked] if isinstance(asked, str) else asked))
        return [f"{prefix}{_shown(instance)} is {_kind(instance)}; expected {wanted}"]
    if fault.validator == "dependentRequired":
        needs = schema["dependentRequired"]
        return [
            f"{prefix}{key} is given without {other}; name that, too, or leave {key} out"
            for key in needs
            for other in needs[key]
            if key in instance and other not in instance
        ]
    if fault.validator == "enum":
        known = [*map(str, schema["enum"])]
        return [
            f"{prefix}{_shown(instance)} is unknown{did_you_mean(instance, known)}; "
            f"expected one of {listed(known, 20)}"
        ]
    if fault.validator == "contains":
        wanted = schema["contains"].get("const")
        return [f"{prefix}{wanted!r} is missing in {instance!r}"]
    return [f"{prefix}{fault.message}"]


def _shown(value: object) -> str:
    """Return a value as text, the beginning of a long one."""
    text = repr(value)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]} ..."


def _kind(value: object) -> str:
    """Return what a value of YAML is, in words."""
    if isinstance(value, float):
        return TYPES["number"] if math.isfinite(value) else "no finite number"
    kinds = ("boolean", "null", "string", "array", "object", "integer")
    return next((TYPES[kind] for kind in kinds if _types.is_type(value, kind)), "something else")


def _what_to_write(key: str, known: Mapping[str, Any]) -> str:
    """Say what a missing key means, and show one with a value of a user's own."""
    card = known.get(key, {})
    said = f" {card['description']}" if "description" in card else ""
    example = next(iter(card.get("examples", [])), None)
    return said + (f" Write, for example, {key}: {example}." if isinstance(example, str) else "")
