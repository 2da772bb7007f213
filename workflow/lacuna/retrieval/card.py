"""Cards of the methods, and where their modules are found."""

import importlib
import pkgutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from types import ModuleType

from lacuna.completion.card import DeclaredOption, check_values, declared_options
from lacuna.errors import LacunaError, did_you_mean, listed
from lacuna.retrieval import methods
from lacuna.retrieval.alignment import align
from lacuna.structures.card import available as available_encoders
from lacuna.structures.card import check_installed, encoder_card

# Options of an alignment that say what molecules are read from, and what stands behind that.
ENCODER, APPEND = "encoder", "append"
NOT_METHODS = {"shared"}  # modules beside the methods that several of them use


@dataclass(frozen=True)
class Method:
    """The card of a method.

    Attributes
    ----------
    label : str
        Its name in figures and tables.
    summary : str
        What it does, in one line.
    source : str
        Where it is from, with the DOI; empty where it is from nowhere else.
    control : bool
        Whether it looks at no query: what it scores is what knowing nothing scores.
    one_space : bool
        Whether profiles and molecules must lie in one space, so be aligned before.
    block : str
        The block of raw features that it compares wells by, where features have it; else, or
        where this is empty, all of them.
    """

    label: str
    summary: str
    source: str = ""
    control: bool = False
    one_space: bool = False
    block: str = ""


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
            f"retrieval: methods: unknown method {name!r}{did_you_mean(name, names)}; "
            f"available: {listed(names, 50)}."
        )
    return importlib.import_module(f"{methods.__name__}.{name}")


def method_card(name: str) -> Method:
    """Return what is true of a method."""
    return method_module(name).METHOD


def method_options(name: str) -> dict[str, DeclaredOption]:
    """Return the options of a method, by name."""
    return declared_options(method_module(name).fit)


def check_method_options(name: str, options: Mapping[str, object]) -> None:
    """Check that a method has the options that the configuration gives it.

    Raises
    ------
    LacunaError
        If the method or an option is unknown, or an option has a value that it cannot have.
    """
    check_values(name, options, method_options(name), f"retrieval: options: {name}")


def alignment_options() -> dict[str, DeclaredOption]:
    """Return the options of an alignment, by name, but for its encoder."""
    return declared_options(align.fit)


def check_alignment_options(
    name: str, options: Mapping[str, object], encoders: Sequence[str]
) -> None:
    """Check that an alignment has the options that the configuration gives it.

    Parameters
    ----------
    name
        Of the alignment.
    options
        Its options.
    encoders
        Those that encode molecules for all methods.

    Raises
    ------
    LacunaError
        If an option is unknown, has a value that it cannot have, or the encoder is neither among
        the encoders nor trained with the alignment.
    """
    encoder = options.get(ENCODER, encoders[0])
    trained = [other for other in available_encoders() if encoder_card(other).trained]
    if encoder not in (known := [*encoders, *trained]):
        raise LacunaError(
            f"retrieval: alignments: {name}: encoder is {encoder!r}"
            f"{did_you_mean(str(encoder), known)}; expected one of retrieval: encoders, or one "
            f"that is trained: {listed(known, 50)}."
        )
    check_installed(str(encoder))
    append = options.get(APPEND, "")
    if append and append not in encoders:
        raise LacunaError(
            f"retrieval: alignments: {name}: append is {append!r}"
            f"{did_you_mean(str(append), encoders)}; expected one of retrieval: encoders: "
            f"{listed(encoders, 50)}."
        )
    others = {key: value for key, value in options.items() if key not in (ENCODER, APPEND)}
    check_values(name, others, alignment_options(), f"retrieval: alignments: {name}")
