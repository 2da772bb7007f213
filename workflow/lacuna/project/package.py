"""What Lacuna's metadata say of it: those of the installed package, or of the work tree.

The workflow also runs from a work tree that was never installed.
"""

import tomllib
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path

PYPROJECT = Path(__file__).parents[3] / "pyproject.toml"


def find_version() -> str:
    """Return Lacuna's version, "unknown" for files that were copied out of a work tree."""
    try:
        return version("lacuna")
    except PackageNotFoundError:
        return _work_tree().get("version", "unknown")


def find_dependencies() -> list[str]:
    """Return what Lacuna needs, a requirement a line; those of extras carry their markers."""
    try:
        return requires("lacuna") or []
    except PackageNotFoundError:
        return _work_tree().get("dependencies", [])


def _work_tree() -> dict:
    """Return the project table of the work tree's pyproject.toml; empty without a work tree."""
    if not PYPROJECT.is_file():
        return {}
    return tomllib.loads(PYPROJECT.read_text())["project"]


__version__ = find_version()
