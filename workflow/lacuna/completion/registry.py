"""Which methods and controls there are, and what options they have."""

import importlib
import inspect
import math
import pkgutil
from collections.abc import Callable, Mapping

from lacuna.completion import controls, methods
from lacuna.completion.interface import CONTRACT, Completion, Trained
from lacuna.errors import LacunaError, did_you_mean, listed


def _modules() -> dict[str, str]:
    """Return the module of every method and control, by name; a trailing underscore is no part."""
    return {
        module.name.rstrip("_"): f"{package.__name__}.{module.name}"
        for package in (methods, controls)
        for module in pkgutil.iter_modules(package.__path__)
    }


def available() -> list[str]:
    """Return the names of all methods and controls."""
    return sorted(_modules())


def find_method(name: str) -> Callable[..., Completion] | Callable[..., Trained]:
    """Return the function `complete` of a method, or `fit` where it has that.

    Raises
    ------
    LacunaError
        If there is no such method.
    """
    if name not in available():
        raise LacunaError(
            f"unknown method {name!r}{did_you_mean(name, available())}; "
            f"available: {listed(available(), 50)}."
        )
    module = importlib.import_module(_modules()[name])
    return module.complete if hasattr(module, "complete") else module.fit


def is_trained(name: str) -> bool:
    """Return whether a method trains once and then predicts from any profiles it is shown."""
    return find_method(name).__name__ == "fit"


def check_options(name: str, options: Mapping[str, object]) -> None:
    """Check that a method has the options that the configuration gives it.

    Raises
    ------
    LacunaError
        If the method or one of its options is unknown, or an option's value is of another type.
    """
    parameters = inspect.signature(find_method(name)).parameters
    known = [option for option in parameters if option not in CONTRACT]
    for option, value in options.items():
        if option not in known:
            raise LacunaError(
                f"method_options: {name} has no option {option!r}{did_you_mean(option, known)}; "
                f"it has {listed(known) or 'none'}."
            )
        kind = parameters[option].annotation
        allowed = (int, float) if kind is float else kind
        # In Python true and false are numbers, too.
        if isinstance(value, bool) != (kind is bool) or not isinstance(value, allowed):
            raise LacunaError(
                f"method_options: {name}: {option} is {value!r}, expected {kind.__name__}."
            )
        if isinstance(value, float) and not math.isfinite(value):
            raise LacunaError(f"method_options: {name}: {option} is {value}, expected a number.")
