"""The schema of the configuration: a block for each stage, found by the stage's name."""

import copy
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

import lacuna


def read_schemas() -> dict[str, dict[str, Any]]:
    """Return the schema of every stage's block, by stage, in the order in which data flow."""
    found = {
        path.parent.name: yaml.safe_load(path.read_bytes())
        for folder in lacuna.__path__
        for path in sorted(Path(folder).glob("*/schema.yaml"))
    }
    last = len(found)
    return dict(sorted(found.items(), key=lambda entry: entry[1].get("x-order", last)))


def assemble_schema() -> dict[str, Any]:
    """Return the schema of a whole configuration whose defaults are filled in."""
    common = yaml.safe_load((Path(__file__).parent / "common.yaml").read_bytes())
    blocks = read_schemas()
    properties = {**common["properties"], **blocks}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "additionalProperties": False,
        "required": list(properties),
        "properties": properties,
        "$defs": common["$defs"],
    }


def fill_defaults(node: Any, schema: Mapping[str, Any]) -> Any:
    """Return a configuration, or a part of it, with the schema's defaults where it says nothing.

    A mapping is filled key by key, down to the last; any other value stays as it is, also where
    the schema will refuse it. Keys come in the schema's order, so that no table's order depends
    on how the user wrote them.
    """
    if not isinstance(node, Mapping):
        return node
    given = overlay(schema.get("default", {}), node)
    filled, needed = {}, schema.get("required", [])
    for key, below in schema.get("properties", {}).items():
        if key in given:
            filled[key] = fill_defaults(given[key], below)
        elif "default" in below:
            filled[key] = copy.deepcopy(below["default"])
        elif "properties" in below and (key in needed or "required" not in below):
            filled[key] = fill_defaults({}, below)
    others = schema.get("additionalProperties")
    named = others if isinstance(others, Mapping) else {}  # of each entry under a name of a user
    return filled | {
        key: fill_defaults(value, named) for key, value in given.items() if key not in filled
    }


def overlay(below: Any, above: Any) -> Any:
    """Lay one value over another: mappings key by key, anything else as a whole."""
    if not (isinstance(below, Mapping) and isinstance(above, Mapping)):
        return above
    both = {key: overlay(below[key], above[key]) for key in above if key in below}
    return {**below, **above, **both}
