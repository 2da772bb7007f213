"""Packages that only some methods use: extras of Lacuna's own, called as the package is."""

import importlib
from importlib.util import find_spec
from typing import Any

from lacuna.errors import LacunaError


def require_extra(package: str, method: str) -> None:
    """Check that a package is installed, without importing it.

    Raises
    ------
    LacunaError
        Naming the line that installs it.
    """
    if find_spec(package) is None:
        raise LacunaError(
            f"{method} needs the package {package}, which is not installed. Install it: "
            f"pip install 'lacuna[{package}]', or in Lacuna's folder "
            f"pip install --editable '.[{package}]' -c constraints.txt."
        )


def import_extra(package: str, module: str, method: str) -> Any:
    """Import a module of such a package; see `require_extra`."""
    require_extra(package, method)
    return importlib.import_module(module)
