"""What the JSON schema of `completion:` cannot say."""

from collections.abc import Iterable, Mapping
from typing import Any

from lacuna.completion.controls import truth
from lacuna.completion.registry import card, check_options, find_method
from lacuna.completion.shared.extras import require_extra
from lacuna.completion.variants import read_methods
from lacuna.errors import LacunaError, did_you_mean, listed


def check(config: Mapping[str, Any]) -> None:
    """Check the block `completion:` of a configuration whose defaults are filled in.

    Raises
    ------
    LacunaError
        If a method or an option is unknown, a name stands for two methods, a method is to be
        completed that is not among the methods, is given the answers, or needs a package that is
        not installed.
    """
    completion = config["completion"]
    for variant in read_methods(completion["methods"], completion["options"]).values():
        if find_method(variant.method) is truth.complete:
            raise LacunaError(truth.ONLY_CONTROL)
        if package := card(variant.method).package:
            require_extra(package, f"completion: methods: {variant.name}")
    for name in completion["controls"]:
        find_method(name)
    for name, options in completion["options"].items():
        check_options(name, options)
    check_among_methods("completion: completed", completion["completed"], config)


def check_among_methods(key: str, asked: Iterable[str], config: Mapping[str, Any]) -> None:
    """Check that a key of the configuration names methods that are compared.

    Raises
    ------
    LacunaError
        Naming the key and the first method that is not.
    """
    completion = config["completion"]
    known = read_methods(completion["methods"], completion["options"])
    for name in asked:
        if name not in known:
            raise LacunaError(
                f"{key}: {name!r} is not among completion: methods{did_you_mean(name, known)}; "
                f"expected some of {listed(known, 20)}, or none: []. A key that is not written has "
                "its default."
            )
