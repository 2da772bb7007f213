"""Cards of the steps, and where their modules are found."""

import importlib
import pkgutil
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import ModuleType

from lacuna.completion.card import DeclaredOption, check_values, declared_options
from lacuna.errors import LacunaError, did_you_mean, listed
from lacuna.translation import genome, landmarks

PACKAGES = {"landmarks": landmarks, "genome": genome}


@dataclass(frozen=True)
class Step:
    """The card of a step.

    Attributes
    ----------
    label : str
        Its name in figures and tables.
    summary : str
        What it does, in one line.
    source : str
        Where it is from, with the DOI; empty where it is from nowhere else.
    linear : bool
        Whether differences of profiles, so signatures, can pass through it.
    needs_pairs : bool
        Whether it is trained on samples measured both ways.
    network : bool
        Whether it is trained in epochs, which takes minutes.
    """

    label: str
    summary: str
    source: str = ""
    linear: bool = False
    needs_pairs: bool = False
    network: bool = False


@cache
def available(kind: str) -> list[str]:
    """Return the names of all steps of a kind, "landmarks" (step 1) or "genome" (step 2)."""
    return [module.name for module in pkgutil.iter_modules(PACKAGES[kind].__path__)]


def step_module(kind: str, name: str) -> ModuleType:
    """Import the module of a step.

    Raises
    ------
    LacunaError
        If there is no such step.
    """
    names = available(kind)
    if name not in names:
        raise LacunaError(
            f"translation: {kind}: unknown step {name!r}{did_you_mean(name, names)}; "
            f"available: {listed(names, 50)}."
        )
    return importlib.import_module(f"{PACKAGES[kind].__name__}.{name}")


def step_card(kind: str, name: str) -> Step:
    """Return what is true of a step."""
    return step_module(kind, name).STEP


def step_options(kind: str, name: str) -> dict[str, DeclaredOption]:
    """Return the options of a step, by name."""
    return declared_options(step_module(kind, name).fit)


def check_step_options(kind: str, name: str, options: Mapping[str, object]) -> None:
    """Check that a step has the options that the configuration gives it.

    Raises
    ------
    LacunaError
        If the step or an option is unknown, or an option has a value that it cannot have.
    """
    check_values(name, options, step_options(kind, name), f"translation: options: {name}")
