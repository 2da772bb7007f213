"""Lacuna: fill the gaps in drug x gene x cell expression data.

What a user of the library needs, each imported from where it lives only when it is first used:

- `ProfileSet`: the observed profiles of a drug x cell grid
- `run_method`: predict profiles of the grid from others, with `SideInformation`
- `Completion`: predicted profiles with their standard errors
- `CompletedTensor`, `CompletedProfile`: the product of a run, every drug in every cell
- `read_model`: a trained network, which says what a profile would be in another cell
- `Gctx`, `write_gctx`: LINCS's file format
- `convert`: a matrix from one layout into another (GCTX, GCT, h5ad, tables of text)
- `METRICS`: what every score means, by name
- `LacunaError`: a mistake in a file or a configuration; its message says what to do
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lacuna.completion.completed import CompletedProfile as CompletedProfile
    from lacuna.completion.completed import CompletedTensor as CompletedTensor
    from lacuna.completion.interface import Completion as Completion
    from lacuna.completion.interface import SideInformation as SideInformation
    from lacuna.completion.run import run_method as run_method
    from lacuna.errors import LacunaError as LacunaError
    from lacuna.evaluation.metrics import METRICS as METRICS
    from lacuna.io.convert import convert as convert
    from lacuna.io.gctx import Gctx as Gctx
    from lacuna.io.gctx import write_gctx as write_gctx
    from lacuna.predict.profile_model import read_model as read_model
    from lacuna.project.package import __version__ as __version__
    from lacuna.tensor.profiles import ProfileSet as ProfileSet

_HOME = {
    "CompletedProfile": "completion.completed",
    "CompletedTensor": "completion.completed",
    "Completion": "completion.interface",
    "Gctx": "io.gctx",
    "LacunaError": "errors",
    "METRICS": "evaluation.metrics",
    "ProfileSet": "tensor.profiles",
    "SideInformation": "completion.interface",
    "__version__": "project.package",
    "convert": "io.convert",
    "read_model": "predict.profile_model",
    "run_method": "completion.run",
    "write_gctx": "io.gctx",
}
__all__ = list(_HOME)


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
