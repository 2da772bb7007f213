"""Named variants of a method: the same method with other options, to compare on the same folds."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from lacuna.completion.registry import available, check_options
from lacuna.errors import LacunaError, did_you_mean

NAME = re.compile(r"[A-Za-z]\w*", re.ASCII)
MISSING = {"na", "nan", "null", "none"}  # tables would read these as missing values
WHERE = "completion: methods"


@dataclass(frozen=True)
class Variant:
    """A method as it is run under a name.

    Attributes
    ----------
    name : str
        In figures, tables and paths; the method's own for one without options of its own.
    method : str
        What is run, and what its random stream is named after: variants of a method draw alike.
    options : dict
        Those of the method, overlaid by the variant's own.
    """

    name: str
    method: str
    options: Mapping[str, object] = field(default_factory=dict)


def read_methods(
    entries: Iterable[object], options: Mapping[str, Mapping[str, object]]
) -> dict[str, Variant]:
    """Read the list `completion: methods` of a configuration.

    Parameters
    ----------
    entries
        Each one the name of a method, or a variant as a mapping from its name to its method and
        options, e.g. ``{"dnpp_k5": {"method": "dnpp", "neighbours": 5}}``.
    options
        Options of all runs of a method, by method.

    Returns
    -------
    dict of Variant
        By name, in the order of the list.

    Raises
    ------
    LacunaError
        If a name is taken or is no word, if a method or an option is unknown, or an option has a
        value that it cannot have.
    """
    variants: dict[str, Variant] = {}
    for entry in entries:
        variant = _read_entry(entry, options)
        if variant.name in variants:
            raise LacunaError(f"{WHERE}: {variant.name} is listed twice. Remove one, or rename it.")
        variants[variant.name] = variant
    return variants


def _read_entry(entry: object, options: Mapping[str, Mapping[str, object]]) -> Variant:
    if isinstance(entry, str):
        check_options(entry, options.get(entry, {}))
        return Variant(entry, entry, dict(options.get(entry, {})))
    if not isinstance(entry, Mapping) or len(entry) != 1:
        raise LacunaError(
            f"{WHERE}: {entry!r} is neither the name of a method nor a variant, expected e.g. "
            "dnpp or {dnpp_k5: {method: dnpp, neighbours: 5}}."
        )
    ((name, content),) = entry.items()
    where = f"{WHERE}: {name}"
    if not isinstance(name, str) or not NAME.fullmatch(name):
        raise LacunaError(
            f"{where}: a variant is called so, expected a name of letters, digits and _ that "
            "begins with a letter."
        )
    if name.casefold() in MISSING:
        raise LacunaError(f"{where}: tables read this as a missing value. Give it another name.")
    if name in available():
        raise LacunaError(f"{where}: a variant is called as a method is. Give it another name.")
    if not isinstance(content, Mapping) or not isinstance(content.get("method"), str):
        hint = did_you_mean("method", map(str, content)) if isinstance(content, Mapping) else ""
        raise LacunaError(
            f"{where}: the variant has no method{hint}, expected e.g. "
            f"{{{name}: {{method: dnpp, neighbours: 5}}}}."
        )
    own = {option: value for option, value in content.items() if option != "method"}
    method = content["method"]
    check_options(method, own, where)
    check_options(method, options.get(method, {}))
    return Variant(name, method, {**options.get(method, {}), **own})
