"""What each step of the preparation left, and what was left out, by name."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

import pandas as pd

from lacuna.errors import LacunaError
from lacuna.io.h5ad_write import Block
from lacuna.single_cell.interface import CONDITION, FEWEST_CELLS, Kind

ACCOUNT = ["step", "observations", "drugs", "lines"]
LEFT_OUT = ["what", "name", "why", "count"]


@dataclass
class Account:
    """Fills the two tables while observations are prepared.

    Parameters
    ----------
    where
        The file, for messages.
    """

    where: str
    _steps: list[tuple[str, int, int, int]] = field(default_factory=list)
    _left: list[tuple[str, str, str, int]] = field(default_factory=list)

    def step(self, name: str, obs: pd.DataFrame) -> None:
        """Note what a step has left; refuse where that is nothing.

        Parameters
        ----------
        name
            What is true of all that is left.
        obs
            drug, line, control of the observations.

        Raises
        ------
        LacunaError
            If no treated observation is left.
        """
        treated = obs[~obs["control"].astype(bool)]
        counted = len(obs), treated["drug"].nunique(), obs["line"].nunique()
        before = f"{self._steps[-1][1]:,} before it" if self._steps else "the file"
        self._steps.append((name, *counted))
        if treated.empty:
            why = "; ".join(
                f"{count:,} {what} ({reason}{f', {name!r}' if name else ''})"
                for what, name, reason, count in self._left[-3:]
            )
            raise LacunaError(
                f"{self.where}: no treated observation is left by the step {name!r} of {before}"
                f"{f': {why}' if why else ''}. Check the columns and tables that are named for it."
            )

    def leave_out(self, what: str, name: object, why: str, count: int) -> None:
        """Note what was left out, if anything was."""
        if count:
            self._left.append((what, str(name), why, int(count)))

    def tables(self) -> tuple[pd.DataFrame, pd.DataFrame]:
        """Return what each step left, and what was left out."""
        return pd.DataFrame(self._steps, columns=ACCOUNT), pd.DataFrame(
            self._left, columns=LEFT_OUT
        )


class Prepared(NamedTuple):
    """Observations that are ready to be written.

    Attributes
    ----------
    kind
    obs, drugs, genes
        See `lacuna.single_cell.interface.Observations`.
    blocks : iterator of dict
        See `lacuna.single_cell.observations.write_observations`.
    account : Account
    """

    kind: Kind
    obs: pd.DataFrame
    drugs: pd.DataFrame
    genes: pd.Index
    blocks: Iterator[dict[str, Block]]
    account: Account


def drop_rare(obs: pd.DataFrame, account: Account) -> pd.DataFrame:
    """Leave out conditions of at most `FEWEST_CELLS` observations."""
    size = obs.groupby(CONDITION)["line"].transform("size")
    rare = size <= FEWEST_CELLS
    conditions = obs.loc[rare, CONDITION].drop_duplicates()
    why = f"drug, line and dose with at most {FEWEST_CELLS} observations"
    account.leave_out("conditions", "", why, len(conditions))
    account.leave_out("observations", "", why, int(rare.sum()))
    kept = obs[~rare]
    account.step(f"of conditions with more than {FEWEST_CELLS} observations", kept)
    return kept


def name_lines_without_controls(obs: pd.DataFrame, account: Account) -> None:
    """Note lines that cannot be judged against controls; they are trained on."""
    with_controls = obs.groupby("line")["control"].any()
    for line in with_controls.index[~with_controls]:
        why = "no controls: trained on, but its conditions are not judged against controls"
        account.leave_out("line", line, why, int((obs["line"] == line).sum()))
