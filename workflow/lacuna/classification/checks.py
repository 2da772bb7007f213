"""What the JSON schema of `classification:` cannot say."""

from collections.abc import Mapping
from typing import Any

from lacuna.completion.checks import check_among_methods


def check(config: Mapping[str, Any]) -> None:
    """Check the block `classification:` of a configuration whose defaults are filled in.

    Raises
    ------
    LacunaError
        If the tensor of a method is to tell classes that is not among the methods.
    """
    asked = config["classification"]["completed"]
    check_among_methods("classification: completed", asked, config)
