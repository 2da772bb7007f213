"""The answer for a profile of the user's own: what it would be in another cell."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from lacuna.completion.cell_model import METHOD, SCALES, UNIT
from lacuna.completion.registry import method_label
from lacuna.errors import listed
from lacuna.explore.answers import Answer, Table
from lacuna.explore.columns import Column
from lacuna.explore.remarks import SIMULATED
from lacuna.predict.given import Given, read_given
from lacuna.predict.profile_model import ProfileModel
from lacuna.predict.reached import reached

TOP = 5  # genes that move most, up and down
R = Column("input r", "+.2f")
INPUT_R = "input r: the correlation of the prediction with the profile that was given; 1 is a copy."


@dataclass(frozen=True)
class FromProfile:
    """What a model makes of profiles of one drug in a cell.

    Attributes
    ----------
    model : ProfileModel
    given : Given
        The profiles.
    cell : int
        The position of the cell.
    each : float32 array of shape (profiles, genes)
        What each of them is translated to.
    profile : float32 array of shape (genes,)
        What they say together.
    """

    model: ProfileModel
    given: Given
    cell: int
    each: np.ndarray
    profile: np.ndarray

    @classmethod
    def of(cls, model: ProfileModel, table: str | Path, to: str) -> "FromProfile":
        """Read profiles, and translate them.

        Raises
        ------
        LacunaError
            If the model does not predict the cell, or the table does not fit the model.
        """
        cell = model.find_cell(to)
        given = read_given(table, model.kept.trained_on.genes)
        return cls(model, given, cell, model.each(given, cell), model.combined(given, cell))

    @property
    def name(self) -> str:
        """What the prediction is called."""
        names = self.given.names
        return names[0] if len(names) == 1 else f"mean of {len(names)}"

    @property
    def inputs(self) -> np.ndarray:
        """The profiles as the network took them, float (profiles, genes)."""
        return self.given.on_scale(self.model.kept.trained_on.scale)

    def as_printed(self, output: Path | None = None) -> Answer:
        """Return the answer as `lacuna.explore.printing` prints all of them.

        Parameters
        ----------
        output
            Where all genes were written, if they were.
        """
        on, to = self.model.kept.trained_on, self.model.called(self.cell)
        several = len(self.given.names) > 1
        rows = self._rows([self.name], self.inputs.mean(axis=0, keepdims=True), self.profile[None])
        rows.insert(1, "cell", to)
        tables = {"profiles": Table("Profiles", rows, columns={"r": R})}
        if several:
            inputs = self._rows(self.given.names, self.inputs, self.each)
            tables["inputs"] = Table("What each is translated to", inputs, columns={"r": R})
        facts = {
            "model": str(self.model.path),
            "trained_on": f"{len(on.drugs):,} drugs in {len(self.model.cells)} cells: "
            f"{', '.join(self.model.cells)}",
            "scale": SCALES[on.scale],
            "genes": f"{len(on.genes) - len(self.given.missing):,} of {len(on.genes):,} found",
        }
        notes = [INPUT_R, *self.remarks(), *reached(self.model, to)]
        if on.facts.get("simulated") == "true":
            notes.append(SIMULATED)
        if output is not None:
            notes.append(f"All genes: {output}")
        title = f"{self.name} in {to}, by {method_label(METHOD)} from {self.given.where}"
        return Answer(title, facts, tables, notes)

    def remarks(self) -> list[str]:
        """Say what is to be known of the profiles and of what was made of them."""
        kept, given = self.model.kept, self.given
        on, said = kept.trained_on, []
        if len(given.names) > 1:
            how = (
                "the mean of the profiles was translated"
                if kept.inputs == "mean"
                else "each was translated, and these were averaged"
            )
            said.append(
                f"{len(given.names)} profiles, taken as one drug's: {how}, as the network does."
            )
        drugs = {name.rpartition(":")[0] for name in given.names}
        if "" not in drugs and len(drugs) > 1:
            said.append(
                f"Their names are those of {len(drugs):,} drugs ({listed(sorted(drugs), 3)}); "
                "expected one. Ask for each by itself."
            )
        if given.missing:
            said.append(
                f"{len(given.missing):,} of the model's {len(on.genes):,} genes are not in "
                f"{given.where} and were set to 0: {listed(given.missing)}."
            )
        if given.unknown:
            said.append(f"{given.unknown:,} genes of {given.where} are none of the model's.")
        if given.by_case:
            said.append(
                f"{given.by_case:,} genes were found only without regard to upper and lower case. "
                "The model's are human; of another species it knows nothing."
            )
        if on.scale == UNIT:
            said.append("Each profile was brought to unit length, as those of the training were.")
        else:
            said.append(
                "The profile was taken as it is: the model was trained on z-scores of up to "
                f"{kept.largest:.3g}, and fold changes are on another scale."
            )
        if (given.numbers >= 0).all():
            said.append(
                "No value is below 0. Expected changes by a drug (z-scores, log fold changes); "
                "levels of expression make no sense here."
            )
        return [*said, *self._beyond(), *self._drugs(), self._about_cells()]

    def _beyond(self) -> list[str]:
        largest, inputs = self.model.kept.largest, np.abs(self.inputs)
        beyond = int((inputs > largest * (1 + 1e-6)).sum())
        if not beyond:
            return []
        profile, gene = map(int, np.unravel_index(int(inputs.argmax()), inputs.shape))
        return [
            f"{beyond:,} of {inputs.size:,} values lie beyond the largest of the training "
            f"({largest:.3g}), most of all {self.model.genes[gene]} of "
            f"{self.given.names[profile]} ({inputs.max():.3g}): the network never saw the like."
        ]

    def _drugs(self) -> list[str]:
        """Name the profiles that are called as a drug of the training."""
        drugs = self.model.kept.trained_on.drugs
        known = {str(name).casefold() for name in [*drugs["drug"], *drugs["name"]]} - {""}
        asked = [(name, name.split(":")[0].strip().casefold()) for name in self.given.names]
        trained = [name for name, drug in asked if drug in known]
        if not trained:
            return []
        return [f"The model was trained on a drug of this name: {listed(trained)}."]

    def _about_cells(self) -> str:
        cells = self.model.cells
        return (
            "The model is not told which cell a profile is of. It learnt from "
            f"{listed(cells, len(cells))}; of a profile from a cell that is like none of them, "
            "expect less."
        )

    def _rows(self, names: list[str], inputs: np.ndarray, profiles: np.ndarray) -> pd.DataFrame:
        genes = self.model.genes.to_numpy(object)
        order = np.argsort(profiles, axis=1, kind="stable")
        return pd.DataFrame(
            {
                "name": names,
                "norm": np.linalg.norm(profiles, axis=1),
                "r": [_r(*pair) for pair in zip(inputs, profiles, strict=True)],
                "up": [" ".join(genes[row[::-1][:TOP]]) for row in order],
                "down": [" ".join(genes[row[:TOP]]) for row in order],
            }
        )


def _r(one: np.ndarray, other: np.ndarray) -> float:
    """Return the correlation of two profiles; NaN where one of them is constant."""
    one, other = one - one.mean(), other - other.mean(dtype=float)
    length = np.linalg.norm(one) * np.linalg.norm(other)
    return float(one @ other / length) if length > 0 else np.nan
