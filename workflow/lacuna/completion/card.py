"""Cards: what is true of a method and of its options, said once, beside the method.

Every module of a method or control has a constant `METHOD`, its card, and declares its options in
the signature of `complete` or `fit`::

    neighbours: Annotated[int, Option("how many similar drugs are averaged", ge=1)] = 10

A number that may be chosen from the data is `Annotated[float | str, Option(..., gt=0)] = AUTO`.

Names in figures, tables of the documentation, checks of a configuration and what jobs ask of a
cluster are made from these; see `lacuna.completion.registry`.
"""

import inspect
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import UnionType
from typing import Annotated, get_args, get_origin

from lacuna.errors import LacunaError, did_you_mean, listed
from lacuna.runtime.device import CHOICES, gpus_asked

STRUCTURES, BASELINE, OTHER_CELLS = "structures", "baseline", "other cells"
AUTO = "auto"  # in place of a number: chosen from the data


@dataclass(frozen=True)
class Simple:
    """What a simple method predicts, in words.

    Attributes
    ----------
    known : str
        For a drug and a cell that both have other profiles in training.
    new_drug, new_cell : str
        For a drug, or a cell, without any.
    """

    known: str
    new_drug: str
    new_cell: str


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
    quick : bool
        Whether it completes a tensor of the paper's size (2,130 drugs x 71 cells) within seconds.
    needs : tuple of str
        What it uses beside the training profiles: `STRUCTURES` of drugs, the `BASELINE` expression
        of cells; and `OTHER_CELLS`, where a drug without a profile in another cell gets a plain
        mean (a fallback) instead of a prediction.
    package : str
        What it imports beside what Lacuna always needs, also the name of the extra that brings it;
        empty for nothing.
    by_cell : bool
        Whether it predicts all wanted pairs of a cell at about the cost of one.
    grids : int
        How many arrays of the whole grid, drugs x cells x genes in float32, it holds at once; 0
        where it predicts pair by pair.
    holds_kernel : bool
        Whether it holds a kernel of all training profiles, as long as `ntk` is exact.
    simple : Simple or None
        Of a plain mean or a sum of means, which every other method must lead to be worth its cost:
        what it predicts, in words.
    keeps_network : bool
        Whether `fit` trains a network that is kept beside what it completes, and is asked of single
        profiles afterwards: what it returns has `save(path, TrainedOn)`.
    """

    label: str
    summary: str
    source: str = ""
    quick: bool = False
    needs: tuple[str, ...] = ()
    package: str = ""
    by_cell: bool = False
    grids: int = 0
    holds_kernel: bool = False
    simple: Simple | None = None
    keeps_network: bool = False


@dataclass(frozen=True)
class Option:
    """What an option of a method means, and which values it may have.

    Attributes
    ----------
    summary : str
        What it means.
    ge, gt, le : float or None
        Its value is at least `ge`, more than `gt`, at most `le`.
    choices : tuple of str
        The values it may have; empty for any.
    """

    summary: str
    ge: float | None = None
    gt: float | None = None
    le: float | None = None
    choices: tuple[str, ...] = ()


@dataclass(frozen=True)
class DeclaredOption:
    """An option as a signature declares it.

    Attributes
    ----------
    name : str
    kind : type
        Of its value; the type of the items where it is a list.
    is_list : bool
    default : object
    meaning : Option
    may_be_auto : bool
        Whether its value may be `AUTO` instead.
    """

    name: str
    kind: type
    is_list: bool
    default: object
    meaning: Option
    may_be_auto: bool = False

    @property
    def type_name(self) -> str:
        """The type in words, e.g. ``list of str``."""
        words = f"list of {self.kind.__name__}" if self.is_list else self.kind.__name__
        return f"{AUTO} or {words}" if self.may_be_auto else words

    @property
    def bounds(self) -> str:
        """The values it may have, in words; empty for any of its type."""
        option = self.meaning
        if option.choices:
            return f"one of {listed(option.choices, 50)}"
        if option.ge is not None and option.le is not None:
            return f"{option.ge:g} to {option.le:g}"
        limits = (("at least", option.ge), ("more than", option.gt), ("at most", option.le))
        return " and ".join(f"{words} {limit:g}" for words, limit in limits if limit is not None)

    def fault(self, value: object) -> str | None:
        """Return what is wrong with a value, and what was expected; None for a good one."""
        if self.may_be_auto and value == AUTO:
            return None
        if self.is_list:
            fits = isinstance(value, list | tuple) and all(map(self._is_of_kind, value))
        else:
            fits = self._is_of_kind(value)
        if not fits:
            return f"{self.name} is {value!r}, expected {self.type_name}."
        if isinstance(value, float) and not math.isfinite(value):
            return f"{self.name} is {value}, expected a number."
        if self._is_within(value):
            return None
        hint = did_you_mean(value, self.meaning.choices)
        shown = repr(value) if self.meaning.choices else value
        return f"{self.name} is {shown}{hint}, expected {self.bounds}."

    def _is_of_kind(self, value: object) -> bool:
        allowed = (int, float) if self.kind is float else self.kind
        # In Python true and false are numbers, too.
        return isinstance(value, bool) == (self.kind is bool) and isinstance(value, allowed)

    def _is_within(self, value: object) -> bool:
        option = self.meaning
        if option.choices and value not in option.choices:
            return False
        if not isinstance(value, int | float):
            return True
        return (
            (option.ge is None or value >= option.ge)
            and (option.gt is None or value > option.gt)
            and (option.le is None or value <= option.le)
        )


def declared_options(function: Callable[..., object]) -> dict[str, DeclaredOption]:
    """Return the options that a function declares: its keyword-only parameters.

    Raises
    ------
    TypeError
        If a parameter is not declared as this module's first lines show.
    """
    options = {}
    for name, parameter in inspect.signature(function).parameters.items():
        if parameter.kind is not inspect.Parameter.KEYWORD_ONLY:
            continue
        declared = parameter.annotation
        kind, *notes = get_args(declared) if get_origin(declared) is Annotated else (declared,)
        meanings = [note for note in notes if isinstance(note, Option)]
        is_list, may_be_auto = get_origin(kind) is Sequence, get_origin(kind) is UnionType
        kind, *others = get_args(kind) if is_list or may_be_auto else (kind,)
        has_default = parameter.default is not parameter.empty
        is_known = kind in (bool, int, float, str) and others == [str] * may_be_auto
        if not is_known or not meanings or not has_default:
            raise TypeError(
                f"{function.__module__}.{function.__name__}: the option {name!r} is not declared; "
                "expected e.g. Annotated[int, Option('what it means', ge=1)] and a default"
            )
        options[name] = DeclaredOption(
            name, kind, is_list, parameter.default, meanings[0], may_be_auto
        )
    return options


def check_values(
    name: str,
    options: Mapping[str, object],
    declared: Mapping[str, DeclaredOption],
    where: str,
) -> None:
    """Check options that a configuration gives against those that are declared.

    Parameters
    ----------
    name
        Whose options they are, for messages.
    options
        Values by option.
    declared
        See `declared_options`.
    where
        The place in the configuration, for messages.

    Raises
    ------
    LacunaError
        If an option is unknown, or has a value that it cannot have.
    """
    for option, value in options.items():
        if option not in declared:
            raise LacunaError(
                f"{where}: {name} has no option {option!r}{did_you_mean(option, declared)}; "
                f"it has {listed(declared, 50) or 'none'}."
            )
        if fault := declared[option].fault(value):
            raise LacunaError(f"{where}: {fault}")


def gpus_of(declared: Mapping[str, DeclaredOption], options: Mapping[str, object]) -> int:
    """Return how many GPUs a job asks for: 0 where its method has no option `device`.

    Parameters
    ----------
    declared
        The options that the method has, see `declared_options`.
    options
        Those that the configuration gives it.
    """
    if "device" not in declared:
        return 0
    return gpus_asked(options.get("device", declared["device"].default))


# Options that several methods have.
Fallback = Annotated[
    str,
    Option(
        "the method that predicts, with its default options, where the drug has no profile in "
        "another cell, or in none from which the wanted cell could be learnt"
    ),
]
ComputeDevice = Annotated[
    str, Option("where to compute; auto: on a GPU where PyTorch finds one", choices=CHOICES)
]
