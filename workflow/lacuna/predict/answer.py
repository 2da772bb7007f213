"""The answer for drugs of the user's own: their profiles, and what to think of them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from lacuna.completion.interface import Completion
from lacuna.completion.registry import method_label
from lacuna.completion.writer import write_completed
from lacuna.evaluation.expected_r import describe
from lacuna.predict.accuracy import row_for
from lacuna.predict.measured import NONE, compare_with_measured
from lacuna.predict.new_drugs import choose_cells
from lacuna.predict.run import Run
from lacuna.predict.said import NOT_HELD_OUT, accuracy_sentence, measured_sentence
from lacuna.predict.stage import SPLIT
from lacuna.tensor.profiles import ProfileSet
from lacuna.vectors import slices

AT_ONCE = 500  # new drugs of a block, beside which the similarity of all drugs is held
EXPECTED = ("r", "r_low", "r_high", "cell_mean", "lead", "lead_low", "lead_high")


@dataclass(frozen=True)
class Answer:
    """What a run says of drugs of the user's own.

    Attributes
    ----------
    run : Run
    new : DataFrame
        The drugs, see `lacuna.predict.new_drugs`, with measured, nearest and tanimoto of
        `lacuna.predict.measured`.
    chosen : list of int
        Positions of the cells.
    """

    run: Run
    new: pd.DataFrame
    chosen: Sequence[int]

    @classmethod
    def to(cls, new: pd.DataFrame, run: Run, where: str = "") -> "Answer":
        """Compare drugs with the measured ones, and look for the cells they are wanted in.

        Parameters
        ----------
        new
            The drugs, see `lacuna.predict.new_drugs`.
        run
            That they are predicted from.
        where
            The user's table, for messages.

        Raises
        ------
        LacunaError
            If the tensor has no cell of a name.
        """
        chosen = choose_cells(new, run.tensor.cells.tolist(), where)
        return cls(run, new.join(compare_with_measured(new, run.drugs)), chosen)

    @property
    def grid(self) -> ProfileSet:
        """The grid of these drugs and cells, with the profiles of those that are measured."""
        tensor, measured = self.run.tensor, self.new["measured"].to_numpy()
        pairs = np.argwhere(np.ones((len(measured), len(self.chosen)), bool))
        position = np.full(len(pairs), NONE)
        known = measured[pairs[:, 0]] != NONE
        position[known] = tensor.find(self._in_tensor(pairs[known]))
        held, known_by = position >= 0, tensor.reliability
        return ProfileSet(
            tensor.profiles[position[held]],
            pairs[held, 0],
            pairs[held, 1],
            self.new["name"].to_numpy(object),
            tensor.cells[list(self.chosen)],
            tensor.genes,
            None if known_by is None else known_by.iloc[position[held]],
        )

    def completions(self) -> Iterator[Completion]:
        """Yield predictions of the grid's gaps, block by block, in the order of its gaps."""
        run, gaps = self.run, self.grid.missing_pairs
        structures, measured = self.new["smiles"].to_numpy(object), self.new["measured"].to_numpy()
        fill = None
        for block in slices(len(self.new), AT_ONCE):
            pairs = gaps[(gaps[:, 0] >= block.start) & (gaps[:, 0] < block.stop)]
            is_new = measured[pairs[:, 0]] == NONE
            parts = []
            if is_new.any():
                predict = run.model.predict_new(run.tensor, run.side, structures[block])
                wanted = np.column_stack(
                    [pairs[:, 0] - block.start, np.take(self.chosen, pairs[:, 1])]
                )
                parts.append(predict(wanted[is_new]))
            if not is_new.all():
                fill = fill or run.model.predict_gaps(run.tensor, run.side)
                parts.append(fill(self._in_tensor(pairs[~is_new])))
            if parts:
                order = np.concatenate([np.flatnonzero(is_new), np.flatnonzero(~is_new)])
                yield Completion.join(parts).take(np.argsort(order))

    def expect(self, completion: Completion, pairs: np.ndarray) -> np.ndarray:
        """Return the correlation to expect of predictions with a fresh measurement.

        Parameters
        ----------
        completion
            Predictions of gaps of the grid.
        pairs : int array of shape (n, 2)
            Which gaps.

        Returns
        -------
        array of shape (n,)
            Of new drugs as held-out drugs taught it, of others as held-out profiles did; NaN where
            none did.
        """
        run, of_tensor = self.run, self._in_tensor(pairs)
        is_new = of_tensor[:, 0] == NONE
        # Below the drugs of the tensor stands one without a profile.
        extended = replace(run.tensor, drugs=np.append(run.tensor.drugs, "new"))
        of_tensor[is_new, 0] = len(run.tensor.drugs)
        known = describe(completion, of_tensor, extended)
        return np.where(is_new, run.learnt.of(known, SPLIT), run.learnt.of(known))

    def table(self) -> pd.DataFrame:
        """Return a row for each drug: who it is, what it is like, and what to expect.

        Returns
        -------
        DataFrame
            name, given, smiles, inchi_key; measured: id of the drug that it is, empty of a new one;
            nearest, nearest_ids: the measured drugs most like it, in words and by id; tanimoto: of
            the first; profiles, `EXPECTED`: what was reached for held-out drugs as near to a
            training drug as this one (NaN of measured ones and where none was held out); said.
        """
        return pd.DataFrame([self._row(row) for row in self.new.itertuples()])

    def write(self, path: str | Path) -> None:
        """Write the profiles as the product is written: a GCTX, and an h5ad beside it.

        Raises
        ------
        UnwritableFile
            If the disk is full, or the folder may not be written to.
        """
        drugs = pd.DataFrame({"drug": self.new["name"], "name": self.new["name"]})
        write_completed(
            path,
            self.grid,
            self.completions(),
            drugs=drugs,
            cells=self.run.cells.iloc[list(self.chosen)].reset_index(drop=True),
            genes=self.run.genes,
            expect=self.expect,
            facts={
                **self.run.facts,
                "method": self.run.model.name,
                "method_label": method_label(self.run.model.name),
                "predicted_by": "structure alone, where `source` is predicted and the drug is new",
            },
        )

    def _in_tensor(self, pairs: np.ndarray) -> np.ndarray:
        """Return the pairs of the tensor that pairs of measured drugs and chosen cells are."""
        measured = self.new["measured"].to_numpy()
        chosen = np.asarray(self.chosen)
        return np.column_stack([measured[pairs[:, 0]], chosen[pairs[:, 1]]])

    def _row(self, drug: Any) -> dict[str, object]:
        run, near = self.run, np.array(drug.nearest, int)
        names = run.drugs["name"].where(run.drugs["name"] != "", run.drugs["drug"])
        like = zip(names.iloc[near], drug.tanimoto, strict=True)
        row: dict[str, object] = {
            "name": drug.name,
            "given": drug.given,
            "smiles": drug.smiles,
            "inchi_key": drug.inchi_key,
            "measured": "" if drug.measured == NONE else run.drugs["drug"].iloc[drug.measured],
            "nearest": "; ".join(f"{name} ({tanimoto:.2f})" for name, tanimoto in like),
            "nearest_ids": "; ".join(run.drugs["drug"].iloc[near]),
            "tanimoto": drug.tanimoto[0] if len(near) else 0.0,
        }
        if drug.measured != NONE:
            cells = int(run.tensor.measured[drug.measured].sum())
            said = measured_sentence(names.iloc[drug.measured], str(row["measured"]), cells)
            return {**row, "profiles": 0, **dict.fromkeys(EXPECTED, np.nan), "said": said}
        expected = row_for(run.accuracy, float(row["tanimoto"]))  # type: ignore[arg-type]
        if expected is None:
            return {**row, "profiles": 0, **dict.fromkeys(EXPECTED, np.nan), "said": NOT_HELD_OUT}
        known = {score: expected[score] for score in EXPECTED}
        said = accuracy_sentence(expected, method_label(run.model.name))
        return {**row, "profiles": int(expected["profiles"]), **known, "said": said}
