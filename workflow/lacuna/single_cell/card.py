"""Cards of the plain methods, and where their modules are found."""

import importlib
import pkgutil
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import ModuleType

from lacuna.completion.card import DeclaredOption, check_values, declared_options
from lacuna.errors import LacunaError, did_you_mean, listed
from lacuna.single_cell import methods
from lacuna.single_cell.model.train import train

NOT_METHODS = {"shared"}  # modules beside the methods that several of them use


@dataclass(frozen=True)
class Method:
    """The card of a plain method.

    Attributes
    ----------
    label : str
        Its name in figures and tables.
    summary : str
        What it does, in one line.
    source : str
        Where it is from, with the DOI; empty where it is from nowhere else.
    control : bool
        Whether it is no rival: it shows what knowing nothing scores, or what can be reached at all.
    answers : bool
        Whether it is given half of the measured cells of what it predicts.
    encoder : str
        What it reads structures by; empty where it reads none.
    """

    label: str
    summary: str
    source: str = ""
    control: bool = False
    answers: bool = False
    encoder: str = ""


@cache
def available() -> list[str]:
    """Return the names of all methods."""
    found = [module.name for module in pkgutil.iter_modules(methods.__path__)]
    return [name for name in found if name not in NOT_METHODS]


def method_module(name: str) -> ModuleType:
    """Import the module of a method.

    Raises
    ------
    LacunaError
        If there is no such method.
    """
    names = available()
    if name not in names:
        raise LacunaError(
            f"single_cell: methods: unknown method {name!r}{did_you_mean(name, names)}; "
            f"available: {listed(names, 50)}."
        )
    return importlib.import_module(f"{methods.__name__}.{name}")


def method_card(name: str) -> Method:
    """Return what is true of a method."""
    return method_module(name).METHOD


def method_options(name: str) -> dict[str, DeclaredOption]:
    """Return the options of a method, by name."""
    return declared_options(method_module(name).predict)


def check_method_options(name: str, options: Mapping[str, object]) -> None:
    """Check that a method has the options that the configuration gives it.

    Raises
    ------
    LacunaError
        If the method or an option is unknown, or an option has a value that it cannot have.
    """
    check_values(name, options, method_options(name), f"single_cell: options: {name}")


def model_options() -> dict[str, DeclaredOption]:
    """Return the options of a network, by name, but for its encoder."""
    return declared_options(train)


def check_model_options(name: str, options: Mapping[str, object]) -> None:
    """Check that a network has the options that the configuration gives it.

    Raises
    ------
    LacunaError
        If an option is unknown, or has a value that it cannot have.
    """
    check_values(name, options, model_options(), f"single_cell: models: {name}")
