"""Packages that only some options use."""

import importlib
from typing import Any

from lacuna.errors import LacunaError


def optional(module: str, used_by: str) -> Any:
    """Import a module of a package that is no requirement of Lacuna.

    Raises
    ------
    LacunaError
        If the package is not installed; the message names the line that installs it.
    """
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        package = module.split(".")[0].replace("_", "-")
        raise LacunaError(
            f"{used_by} needs the package {package}, which is not installed. Install it: "
            "pip install 'lacuna[retrieval]', or in Lacuna's folder "
            "pip install --editable '.[retrieval]'."
        ) from error
