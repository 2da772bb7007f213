"""Cards of the encoders, and where their modules are found.

An encoder declares its options in the signature of `encode` or `network`, each with its few
allowed values::

    bits: Annotated[int, Choice("length of the fingerprint", (512, 2048))] = 512
"""

import importlib
import inspect
import pkgutil
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from types import ModuleType
from typing import Literal, get_args

from lacuna.errors import LacunaError, did_you_mean, listed
from lacuna.structures import encoders

# How vectors of two molecules are compared: fingerprints share bits, other vectors correlate.
Alike = Literal["jaccard", "correlation"]


@dataclass(frozen=True)
class Encoder:
    """The card of an encoder.

    Attributes
    ----------
    label : str
        Its name in figures and tables.
    summary : str
        What it does, in one line.
    source : str
        Where it is from, with the DOI; empty where it is from nowhere else.
    alike
        How vectors of two molecules are compared.
    size : int
        Numbers in a vector, with the default options.
    trained : bool
        Whether it is a network that is trained with the alignment, and encodes nothing before.
    gaps : bool
        Whether a vector may hold NaN, where a number cannot be computed; `Scaler` fills them.
    needs : str
        What pip must install for it; empty where Lacuna's own requirements are enough.
    modules : tuple of str
        The modules of that, by which it is found.
    extra : str
        Lacuna's extra that installs it.
    packages : tuple of str
        The packages whose version decides what the vectors are.
    """

    label: str
    summary: str
    source: str
    alike: Alike
    size: int
    trained: bool = False
    gaps: bool = False
    needs: str = ""
    modules: tuple[str, ...] = ()
    extra: str = ""
    packages: tuple[str, ...] = ("rdkit",)


@dataclass(frozen=True)
class Choice:
    """What an option of an encoder means, and the values it may have."""

    summary: str
    values: tuple[int | str, ...]


@dataclass(frozen=True)
class DeclaredChoice:
    """An option as a signature declares it."""

    name: str
    default: int | str
    meaning: Choice


@cache
def available() -> list[str]:
    """Return the names of all encoders."""
    return [module.name for module in pkgutil.iter_modules(encoders.__path__)]


def encoder_module(name: str) -> ModuleType:
    """Import the module of an encoder; packages that it needs are imported where it uses them.

    Raises
    ------
    LacunaError
        If there is no such encoder.
    """
    names = available()
    if name not in names:
        raise LacunaError(
            f"structures: unknown encoder {name!r}{did_you_mean(name, names)}; "
            f"available: {listed(names, 50)}."
        )
    return importlib.import_module(f"{encoders.__name__}.{name}")


def encoder_card(name: str) -> Encoder:
    """Return what is true of an encoder."""
    return encoder_module(name).ENCODER


def encoder_options(name: str) -> dict[str, DeclaredChoice]:
    """Return the options of an encoder, by name."""
    module = encoder_module(name)
    function = module.network if module.ENCODER.trained else module.encode
    return {
        parameter.name: DeclaredChoice(
            parameter.name, parameter.default, get_args(parameter.annotation)[1]
        )
        for parameter in inspect.signature(function).parameters.values()
        if parameter.kind is inspect.Parameter.KEYWORD_ONLY
    }


def check_encoder_options(name: str, options: Mapping[str, object]) -> dict[str, int | str]:
    """Check that an encoder has the options that it is given; return all, defaults filled in.

    Raises
    ------
    LacunaError
        If the encoder or an option is unknown, or an option has a value that it cannot have.
    """
    declared = encoder_options(name)
    filled = {option: choice.default for option, choice in declared.items()}
    for option, value in options.items():
        if option not in declared:
            raise LacunaError(
                f"structures: encoder {name} has no option {option!r}"
                f"{did_you_mean(option, declared)}; it has {listed(declared, 50) or 'none'}."
            )
        allowed = declared[option].meaning.values
        fitting = [one for one in allowed if type(one) is type(value) and one == value]
        if not fitting:
            raise LacunaError(
                f"structures: encoder {name}: {option} is {value!r}"
                f"{did_you_mean(value, map(str, allowed))}, expected one of "
                f"{', '.join(map(repr, allowed))}."
            )
        filled[option] = fitting[0]
    return filled


def check_installed(name: str) -> None:
    """Check that the packages of an encoder are installed.

    Raises
    ------
    LacunaError
        If not; it says what to install.
    """
    card = encoder_card(name)
    missing = [module for module in card.modules if find_spec(module) is None]
    if missing:
        raise LacunaError(
            f"structures: encoder {name} needs {listed(missing)}, not installed here. Install: "
            f"pip install {card.needs} (or Lacuna's extra: pip install 'lacuna[{card.extra}]'), "
            f"or choose another of {listed(available(), 50)}."
        )
