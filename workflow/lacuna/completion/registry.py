"""Which methods and controls there are, and what their cards say.

Methods and controls are the modules of `lacuna.completion.methods` and `.controls`; more come from
other packages, through the entry-point group `lacuna.methods`.
"""

import importlib
import pkgutil
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.metadata import entry_points
from types import ModuleType
from typing import Any

from lacuna.completion import controls, methods
from lacuna.completion.card import (
    STRUCTURES,
    DeclaredOption,
    Method,
    check_values,
    declared_options,
)
from lacuna.completion.interface import Restore
from lacuna.errors import LacunaError, did_you_mean, listed

GROUP = "lacuna.methods"
WHERE = "completion: options"
FORMS = ("prepare", "complete", "fit")  # the function of a method is called one of these


@cache
def _modules() -> dict[str, str]:
    """Return the module of every method and control, by name; a trailing underscore is no part.

    Raises
    ------
    LacunaError
        If another package gives a method a name that is taken.
    """
    modules = {
        module.name.rstrip("_"): f"{package.__name__}.{module.name}"
        for package in (methods, controls)
        for module in pkgutil.iter_modules(package.__path__)
    }
    for entry in entry_points(group=GROUP):
        if entry.name in modules:
            package = entry.dist.name if entry.dist else entry.value
            raise LacunaError(
                f"the package {package} has a method {entry.name!r}, but {modules[entry.name]} is "
                f"called so, too. Rename one (entry-point group {GROUP}) or uninstall the package."
            )
        modules[entry.name] = entry.value
    return modules


def available() -> list[str]:
    """Return the names of all methods and controls."""
    return sorted(_modules())


def module_name(name: str) -> str:
    """Return the module of a method that there is."""
    return _modules()[name]


def is_control(name: str) -> bool:
    """Return whether a method is a control: it shows that the scoring is right."""
    return _modules().get(name, "").startswith(f"{controls.__name__}.")


def card(name: str) -> Method:
    """Return what is true of a method.

    Raises
    ------
    LacunaError
        If there is no such method, or it has no card.
    """
    module = _module(name)
    found = getattr(module, "METHOD", None)
    if not isinstance(found, Method):
        raise LacunaError(
            f"method {name}: {module.__name__} has no card. "
            "Give it METHOD = lacuna.completion.card.Method(label=..., summary=...)."
        )
    return found


def method_label(name: str) -> str:
    """Return the name to show; what has no card, such as a variant, is shown as it is called."""
    return card(name).label if name in _modules() else name


def find_method(name: str) -> Any:
    """Return the function of a method.

    Returns
    -------
    Prepare, Complete or Fit
        See `lacuna.completion.interface`.

    Raises
    ------
    LacunaError
        If there is no such method.
    """
    module = _module(name)
    return next(getattr(module, form) for form in FORMS if hasattr(module, form) or form == "fit")


def _module(name: str) -> ModuleType:
    if name not in available():  # a list, as names from files may be anything
        raise LacunaError(
            f"unknown method {name!r}{did_you_mean(name, available())}; "
            f"available: {listed(available(), 50)}."
        )
    return importlib.import_module(module_name(name))


def is_trained(name: str) -> bool:
    """Return whether a method trains once and then predicts from any profiles it is shown."""
    return find_method(name).__name__ == "fit"


def find_restore(name: str) -> Restore:
    """Return the function of a method that predicts by what was learnt before.

    Raises
    ------
    LacunaError
        If there is no such method, or it cannot be kept.
    """
    restore: Restore | None = getattr(_module(name), "restore", None)
    if restore is None:
        raise LacunaError(f"what {method_label(name)} learns cannot be kept.")
    return restore


def keeps_model(name: str, options: Mapping[str, object]) -> bool:
    """Return whether what a method learns can be kept, and predicts drugs by structure alone."""
    parts = [name, *_members(name, options)]
    is_kept = all(hasattr(_module(part), "restore") for part in parts)
    return is_kept and STRUCTURES in card(parts[-1]).needs


def keeps_network(name: str) -> bool:
    """Return whether a method trains a network that is kept, and asked of profiles afterwards."""
    return card(name).keeps_network


def method_of_new_drugs(name: str, options: Mapping[str, object]) -> str:
    """Return the method that predicts drugs without any profile: of a blend, its last member."""
    return [name, *_members(name, options)][-1]


def _members(name: str, options: Mapping[str, object]) -> Sequence[str]:
    """Return the methods that a method consists of; none of most."""
    members_of = getattr(_module(name), "members_of", None)
    return members_of(options) if members_of else ()


def network_mb(name: str, cells: int, genes: int, options: Mapping[str, object]) -> float:
    """Return the MB that a method's network needs for so many cells and genes; 0 without one.

    It is the function of this name of the method's module, where that has one.
    """
    needs = getattr(_module(name), "network_mb", None)
    given = {key: option.default for key, option in options_of(name).items()} | {**options}
    return needs(cells, genes, given) if needs else 0.0


def options_of(name: str) -> dict[str, DeclaredOption]:
    """Return the options of a method, by name; its type, default, bounds and meaning."""
    return declared_options(find_method(name))


def check_options(name: str, options: Mapping[str, object], where: str | None = None) -> None:
    """Check that a method has the options that the configuration gives it.

    Parameters
    ----------
    name
        The method.
    options
        Values by option.
    where
        The place in the configuration, for messages.

    Raises
    ------
    LacunaError
        If the method or one of its options is unknown, or an option has a value that it cannot
        have, by its declaration or by the function `check` of the method's module.
    """
    where = f"{WHERE}: {name}" if where is None else where
    check_values(name, options, options_of(name), where)
    if more := getattr(_module(name), "check", None):
        more(options)
