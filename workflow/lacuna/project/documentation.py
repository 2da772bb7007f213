"""Writes what is said once in the code into pages: python -m lacuna.project.documentation.

Keys of the configuration are explained in the stages' schemas, methods, options, splits and metrics
on their cards, and nowhere else. A page has a place for them between two marks,
``<!-- made by make docs: NAME -->`` and ``<!-- end -->``; what stands outside of marks is written
by hand. The comments of config/config.yaml are written whole.
"""

import re
import textwrap
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from lacuna.errors import LacunaError, did_you_mean, listed
from lacuna.project.config_old_keys import MOVED, NEW_SPLIT, OLD_SPLIT
from lacuna.project.config_schema import assemble_schema, fill_defaults
from lacuna.project.documentation_cards import (
    describe_analyses,
    describe_cell_methods,
    describe_cell_metrics,
    describe_cell_options,
    describe_cell_presets,
    describe_controls,
    describe_encoders,
    describe_methods,
    describe_metrics,
    describe_options,
    describe_ranker_options,
    describe_rankers,
    describe_splits,
    describe_step_options,
    describe_steps,
)

DEMO = "config/config.yaml"
PAGES = (
    *("config/README.md", "results/README.md", "docs/methods.md", "docs/metrics.md"),
    *("docs/translation.md", "docs/retrieval.md", "docs/single_cell.md"),
)
MARKED = re.compile(r"(<!-- made by make docs: ([\w ]+) -->\n).*?(<!-- end -->)", re.DOTALL)
WIDTH = 100
DEMO_HEADER = """\
# The embedded demo, a simulated screen. Snakemake reads this file where no configuration names a
# dataset. `make docs` writes the comments, from the schemas; the values are written by hand.
"""


class Key(NamedTuple):
    """A key of the configuration: where it stands, its schema, and whether it must be said."""

    path: tuple[str, ...]
    schema: Mapping[str, Any]
    required: bool


def write_documentation(root: Path) -> list[str]:
    """Bring all pages in step with schemas and cards; return those that were not."""
    stale = stale_pages(root)
    for page, text in stale.items():
        (root / page).write_text(text, encoding="utf-8")
    return list(stale)


def stale_pages(root: Path) -> dict[str, str]:
    """Return the new text of every page that is not in step.

    Raises
    ------
    LacunaError
        If a page has a mark that nothing is known of.
    """
    texts = {page: (root / page).read_text(encoding="utf-8") for page in (*PAGES, DEMO)}
    new = {page: fill_marks(texts[page], page) for page in PAGES}
    new[DEMO] = comment_demo(yaml.safe_load(texts[DEMO]))
    return {page: text for page, text in new.items() if text != texts[page]}


def fill_marks(text: str, page: str) -> str:
    """Return a page with the parts between its marks written anew."""

    def fill(mark: re.Match[str]) -> str:
        name = mark[2]
        if name not in PARTS:
            raise LacunaError(
                f"{page}: nothing is known of the part {name!r}{did_you_mean(name, PARTS)}; "
                f"expected one of {listed(PARTS, 20)}."
            )
        return f"{mark[1]}\n{PARTS[name]()}\n{mark[3]}"

    return MARKED.sub(fill, text)


def describe_keys() -> str:
    """Return a section for each stage, with a heading and an example for each key."""
    schema = assemble_schema()
    sections = []
    for key in walk_keys(schema):
        block = len(key.path) == 1 and "properties" in key.schema
        sections.append(f"{'##' if block else '###'} {': '.join(key.path)}\n")
        if "properties" not in key.schema:
            sections.append(f"*{_sentence(values_of(key.schema, schema))}; {_default_of(key)}.*\n")
        sections.append(
            textwrap.fill(key.schema["description"], WIDTH, break_on_hyphens=False) + "\n"
        )
        if "examples" in key.schema:
            sections.append(f"```yaml\n{_snippet(key)}```\n")
    return "\n".join(sections)


def describe_old_keys() -> str:
    """Return the table of keys that had another name before."""
    rows = [(old, ": ".join(path)) for old, path in MOVED.items()]
    rows.append((f"crossval: splits: {OLD_SPLIT}", f"evaluation: splits: {NEW_SPLIT}"))
    lines = ["| before | now |", "|---|---|", *(f"| `{old}` | `{new}` |" for old, new in rows)]
    return "\n".join(lines) + "\n"


def comment_demo(values: Mapping[str, Any]) -> str:
    """Return config/config.yaml: its values, each key under a comment that explains it.

    A key that it lacks, such as the block of a new stage, is added with its default.
    """
    whole = assemble_schema()
    filled = fill_defaults(values, whole)
    lines = [DEMO_HEADER]
    for key, schema in whole["properties"].items():
        lines.append("\n".join(_comment(key, schema, filled[key], 0)) + "\n")
    return "\n".join(lines)


def walk_keys(schema: Mapping[str, Any]) -> Iterator[Key]:
    """Yield every key, in the order of the schemas.

    What several keys have in common, such as `sizes` and `folds` of splits, comes once, after
    them, below a word in capitals; so does what stands below a name of the user's choice.
    """
    yield from _walk(schema, (), dict(schema["$defs"]))


def values_of(schema: Mapping[str, Any], whole: Mapping[str, Any]) -> str:
    """Return in words which values a key may have."""
    if "allOf" in schema:
        return values_of(schema["allOf"][0], whole)
    if "$ref" in schema:
        return values_of(whole["$defs"][schema["$ref"].removeprefix("#/$defs/")], whole)
    if "title" in schema:
        return schema["title"]
    if "enum" in schema:
        return "one of " + ", ".join(f"`{value}`" for value in schema["enum"])
    kinds = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    return ", or ".join(_values_of_kind(kind, schema, whole) for kind in kinds)


def _walk(
    schema: Mapping[str, Any], path: tuple[str, ...], shared: dict[str, Mapping[str, Any]]
) -> Iterator[Key]:
    common: dict[str, Mapping[str, Any]] = {}
    for name, child in schema.get("properties", {}).items():
        required = name in schema.get("required", []) and "default" not in child
        yield Key((*path, name), child, required and "properties" not in child)
        for ref in (child, *child.get("allOf", [])):
            used = ref.get("$ref", "").removeprefix("#/$defs/")
            if "properties" in shared.get(used, {}):
                common[used.upper()] = shared.pop(used)  # once in all
        below = child.get("additionalProperties")
        if isinstance(below, Mapping) and "properties" in below:
            yield from _walk(below, (*path, name, "NAME"), shared)
        yield from _walk(child, (*path, name), shared)
    for name, child in common.items():
        yield from _walk(child, (*path, name), shared)


def _values_of_kind(kind: str, schema: Mapping[str, Any], whole: Mapping[str, Any]) -> str:
    if kind in ("integer", "number"):
        word = "a whole number" if kind == "integer" else "a number"
        least, most = schema.get("minimum"), schema.get("maximum")
        if least is not None and most is not None:
            return f"{word} from {least} to {most}"
        limits = (
            ("at least", least),
            ("more than", schema.get("exclusiveMinimum")),
            ("at most", most),
        )
        said = " and ".join(f"{words} {limit}" for words, limit in limits if limit is not None)
        return f"{word}, {said}" if said else word
    if kind == "array":
        return f"a list, each item {values_of(schema['items'], whole)}"
    words = {"string": "a text", "null": "`null`", "object": "a mapping"}
    words["boolean"] = "`true` or `false`"
    return words[kind]


def _sentence(text: str) -> str:
    return text[0].upper() + text[1:]


def _default_of(key: Key) -> str:
    if "default" in key.schema:
        return f"default `{_flow(key.schema['default'])}`"
    return "it has no default" if key.required else "it may be left out"


def _snippet(key: Key) -> str:
    *above, name = key.path
    lines = [f"{'  ' * depth}{word}:" for depth, word in enumerate(above)]
    first, *others = key.schema["examples"]
    lines += _entry(name, first, len(above))
    lines += [f"{'  ' * len(above)}# or {name}: {_flow(other)}" for other in others]
    return "\n".join(lines) + "\n"


def _entry(name: str, value: Any, depth: int) -> list[str]:
    nested = isinstance(value, Mapping) and any(isinstance(v, Mapping) for v in value.values())
    if not nested:
        return [f"{'  ' * depth}{name}: {_flow(value)}"]
    block = yaml.safe_dump({name: value}, sort_keys=False)
    return textwrap.indent(block, "  " * depth).splitlines()


def _comment(name: str, schema: Mapping[str, Any], value: Any, depth: int) -> list[str]:
    indent = "  " * depth
    prefix = f"{indent}# "
    comment = textwrap.wrap(
        schema["description"],
        WIDTH,
        initial_indent=prefix,
        subsequent_indent=prefix,
        break_on_hyphens=False,
    )
    # What has a default as a whole, such as a split, stands in one line.
    if "properties" not in schema or "default" in schema:
        return [*comment, *_entry(name, value, depth)]
    below = [
        line
        for key, child in schema["properties"].items()
        for line in _comment(key, child, value[key], depth + 1)
    ]
    return [*comment, f"{indent}{name}:", *below]


def _flow(value: Any) -> str:
    dumped = yaml.safe_dump(value, default_flow_style=True, sort_keys=False, width=10_000)
    return dumped.removesuffix("...\n").strip()


PARTS: dict[str, Callable[[], str]] = {
    "keys": describe_keys,
    "old keys": describe_old_keys,
    "methods": describe_methods,
    "controls": describe_controls,
    "options": describe_options,
    "analyses": describe_analyses,
    "splits": describe_splits,
    "metrics": describe_metrics,
    "steps of a translation": describe_steps,
    "options of steps": describe_step_options,
    "methods of a retrieval": describe_rankers,
    "options of a retrieval": describe_ranker_options,
    "encoders of molecules": describe_encoders,
    "methods of single cells": describe_cell_methods,
    "options of single cells": describe_cell_options,
    "presets of single cells": describe_cell_presets,
    "metrics of single cells": describe_cell_metrics,
}


if __name__ == "__main__":
    for page in write_documentation(Path()):
        print(f"{page}: written anew")
