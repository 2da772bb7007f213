"""What is known of a data set before its run, and what in it keeps a stage from its end.

A stage whose mistakes would be met only after hours says them before, in its module `preflight`:

    faults(config, known) -> Iterator[Fault]

It asks the functions by which its jobs would refuse, so that each has one definition.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from lacuna.errors import LacunaError
from lacuna.tensor.profiles import ProfileSet


class Fault(NamedTuple):
    """Something that a job would refuse, or leave out.

    Attributes
    ----------
    said
        The key or file, what is wrong with it, what was expected, and what to do.
    stops
        Whether the run cannot reach its report with it.
    """

    said: str
    stops: bool


@dataclass(frozen=True)
class Known:
    """What is known of a data set before its run.

    Attributes
    ----------
    files : mapping of (folder, file) to Path
        Where files can be read now; what is not here yet is left out.
    tables : mapping of (series, kind) to DataFrame
        The small tables of the series, as their readers return them; those that could be read.
    tensor : ProfileSet or None
        The large tensor at most, of one made-up gene; None where a run has none, or cannot be told.
    exact : bool
        Whether a run has just these profiles.
    certain : bool
        Whether a run has no more drugs, cells or profiles.
    """

    files: Mapping[tuple[str, str], Path] = field(default_factory=dict)
    tables: Mapping[tuple[str, str], pd.DataFrame] = field(default_factory=dict)
    tensor: ProfileSet | None = None
    exact: bool = False
    certain: bool = False

    def place(self, path: str) -> Path | None:
        """Return where a file can be read now that a run has under another path.

        Parameters
        ----------
        path
            As `lacuna.acquire.inputs.Inputs` says it.
        """
        return self.files.get((Path(path).parent.name, Path(path).name))

    def places(self, paths: Mapping[str, str]) -> dict[str, str]:
        """Return where files can be read now, by kind; nothing where one of them is not here yet.

        Parameters
        ----------
        paths
            By kind, as `lacuna.acquire.inputs.Inputs` says them.
        """
        found = {kind: str(place) for kind, path in paths.items() if (place := self.place(path))}
        return found if len(found) == len(paths) else {}

    def all_tables(self, kind: str) -> pd.DataFrame:
        """Return the tables of one kind of all series, one below the other; empty without any."""
        found = [table for (_, its), table in self.tables.items() if its == kind]
        return pd.concat(found, ignore_index=True) if found else pd.DataFrame()

    def drugs(self) -> pd.DataFrame:
        """Return drug, name, inchi_key and smiles of the drugs that tables name, one row each."""
        columns = ["drug", "name", "inchi_key", "smiles"]
        kinds = [self.all_tables(kind) for kind in ("pert_info", "inst_info", "sig_info")]
        rows = pd.concat([pd.DataFrame(columns=columns, dtype=object), *kinds])[columns]
        return rows.groupby("drug", sort=False).first().reset_index()

    def symbols(self) -> pd.Series:
        """Return the symbol of each landmark gene, by its id; its id where it has none."""
        genes = self.all_tables("gene_info")
        if genes.empty:
            return pd.Series(dtype=object)
        genes = genes[genes["landmark"]].drop_duplicates("gene").set_index("gene")
        return genes["symbol"].fillna(genes.index.to_series())


def refusals(stops: bool, call: Callable[..., object], *given: Any) -> Iterator[Fault]:
    """Call a function that a job will call; yield what it refuses, if it does.

    Parameters
    ----------
    stops
        See `Fault`.
    call, *given
        The function, and what it is given.
    """
    try:
        call(*given)
    except LacunaError as error:
        yield Fault(str(error), stops)
