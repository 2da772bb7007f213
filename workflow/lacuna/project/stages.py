"""The stages of the workflow, found by name: the packages of lacuna that have a module `stage`."""

import pkgutil
from collections.abc import Iterator, Mapping
from functools import cache
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import lacuna


def stages() -> list[str]:
    """Return the names of all stages."""
    return [name for name, modules in packages().items() if "stage" in modules]


def is_wanted(stage: str, config: Mapping[str, Any]) -> bool:
    """Return whether a run goes through a stage; where its module has `wanted`, that says so."""
    module = import_module(f"lacuna.{stage}.stage")
    return not hasattr(module, "wanted") or module.wanted(config)


def wanted_stages(config: Mapping[str, Any], module: str = "stage") -> Iterator[ModuleType]:
    """Import the module of a name of every stage that a run goes through and that has it."""
    for stage in stages():
        if module in packages()[stage] and is_wanted(stage, config):
            yield import_module(f"lacuna.{stage}.{module}")


def packages() -> dict[str, set[str]]:
    """Return the names of the modules in each package of lacuna; none is imported."""
    return _packages(tuple(lacuna.__path__))


@cache  # planning asks a hundred times
def _packages(folders: tuple[str, ...]) -> dict[str, set[str]]:
    return {
        package.name: {
            module.name
            for folder in folders
            for module in pkgutil.iter_modules([str(Path(folder) / package.name)])
        }
        for package in pkgutil.iter_modules(folders)
        if package.ispkg
    }
