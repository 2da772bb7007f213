"""What the JSON schema of `completion:` cannot say."""

from collections.abc import Iterable, Mapping
from typing import Any

from lacuna.completion.registry import available, check_options, find_method
from lacuna.errors import LacunaError, did_you_mean, listed


def check(config: Mapping[str, Any]) -> None:
    """Check the block `completion:` of a configuration whose defaults are filled in.

    Raises
    ------
    LacunaError
        If a method or an option is unknown, a name stands for two methods, or a method is to be
        completed that is not among the methods.
    """
    completion = config["completion"]
    for entry in completion["methods"]:
        if isinstance(entry, str):
            find_method(entry)
            continue
        for name, options in entry.items():
            if name in available():
                raise LacunaError(
                    f"completion: methods: the variant {name!r} has the name of a method; "
                    "give it another."
                )
            own = {option: value for option, value in options.items() if option != "method"}
            check_options(options["method"], own)
    names = method_names(config)
    for name in names:
        if names.count(name) > 1:
            raise LacunaError(f"completion: methods: {name!r} stands there twice.")
    for name in completion["controls"]:
        find_method(name)
    for name, options in completion["options"].items():
        check_options(name, options)
    check_among_methods("completion: completed", completion["completed"], config)


def method_names(config: Mapping[str, Any]) -> list[str]:
    """Return the names of all methods and variants to compare."""
    entries = config["completion"]["methods"]
    return [entry if isinstance(entry, str) else next(iter(entry)) for entry in entries]


def check_among_methods(key: str, asked: Iterable[str], config: Mapping[str, Any]) -> None:
    """Check that a key of the configuration names methods that are compared.

    Raises
    ------
    LacunaError
        Naming the key and the first method that is not.
    """
    known = method_names(config)
    for name in asked:
        if name not in known:
            raise LacunaError(
                f"{key}: {name!r} is not among completion: methods{did_you_mean(name, known)}; "
                f"expected some of {listed(known, 20)}."
            )
