"""What the JSON schema of `evaluation:` cannot say."""

from collections.abc import Mapping
from typing import Any

from lacuna.completion.registry import available
from lacuna.errors import LacunaError, did_you_mean, listed
from lacuna.evaluation import stage


def check(config: Mapping[str, Any]) -> None:
    """Check the block `evaluation:` of a configuration whose defaults are filled in.

    Raises
    ------
    LacunaError
        If figures name what is neither a method nor a variant, or a split leaves out what the run
        does not compare, or everything.
    """
    known = list(dict.fromkeys([*stage.methods(config), *available()]))
    for name in config["evaluation"]["figures"]["methods"]:
        if name not in known:
            raise LacunaError(
                f"evaluation: figures: methods: unknown method {name!r}"
                f"{did_you_mean(name, known)}; expected some of {listed(known, 50)}."
            )
    compared = list(stage.methods(config))
    for split, how in config["evaluation"]["splits"].items():
        for name in how["without"]:
            if name not in compared:
                raise LacunaError(
                    f"evaluation: splits: {split}: without: {name!r} is not among completion: "
                    f"methods{did_you_mean(name, compared)}; expected some of {listed(compared)}."
                )
        if compared and how["sizes"] and not stage.asked(config, split):
            raise LacunaError(
                f"evaluation: splits: {split}: without: no method is left. Name fewer, or write "
                "sizes: [] to leave the split out."
            )
