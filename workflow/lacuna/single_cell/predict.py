"""Predicts new cells under any drug: for each cell, and what changes in the mean of each line.

Changes are those from what the network predicts of the same cells without a drug. From the measured
cells, a change would hold what the network gets wrong of untreated ones, the same for all drugs:
with data of another laboratory, that is more than what most drugs do. How much it is stands beside
the change (off). Held-out drugs are judged by the change from measured controls, and so is what is
expected of a prediction; predicted, untreated and control stand in the table of genes.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from lacuna.errors import LacunaError, did_you_mean, listed
from lacuna.io.h5ad_write import X
from lacuna.single_cell.expected import OF_DRUGS
from lacuna.single_cell.interface import CONTROL
from lacuna.single_cell.model.base import Base
from lacuna.single_cell.model.molecules import Molecules
from lacuna.single_cell.model.trained import FITTING_CELLS
from lacuna.single_cell.model_file import Predictor
from lacuna.single_cell.new_cells import NO_LINE, NewCells
from lacuna.single_cell.treatments import AND, Treatment, Treatments, keys_of

TRAINED, MEAN, FITTED = "trained", "mean of lines", "fitted"  # where z_c of a line is from
VARIANCE, START = "variance", "control"  # layers
AT_ONCE = 1024  # cells
TOP = 10  # genes that are named
MOST_ROWS = 10_000_000  # of the table of genes: 1 GB in memory
SUMMARY = [
    *("drug", "dose", "line", "line_is", "cells", "change", "off", "up", "down"),
    *("nearest", "similarity", "expected", "expected_low", "expected_high", "smiles"),
]
OF_GENES = [
    *("drug", "dose", "line", "gene", "ensembl", "measured"),
    *("control", "untreated", "predicted", "change", "variance"),
]


class Line(NamedTuple):
    """A line of the new cells.

    Attributes
    ----------
    name : str
    cells : int array
        Which cells are of it.
    place : float32 array
        Its z_c.
    how : str
        Where that is from.
    """

    name: str
    cells: np.ndarray
    place: np.ndarray
    how: str


class Sums:
    """Adds up what is predicted of cells."""

    def __init__(self, genes: int) -> None:
        self.count, self._mean, self._variance = 0, np.zeros(genes), np.zeros(genes)

    def add(self, mean: np.ndarray, variance: np.ndarray) -> None:
        """Add some cells, arrays of shape (cells, genes)."""
        self.count += len(mean)
        self._mean += mean.sum(axis=0, dtype=np.float64)
        self._variance += variance.sum(axis=0, dtype=np.float64)

    @property
    def mean(self) -> np.ndarray:
        """Mean of the cells' means, of shape (genes,)."""
        return self._mean / self.count

    @property
    def variance(self) -> np.ndarray:
        """Mean of the cells' variances."""
        return self._variance / self.count


class Prediction:
    """Predicts all treatments of all cells, a block at a time, and describes them.

    Parameters
    ----------
    model, cells, treatments, molecules
        See their modules; molecules are by the names of `treatments.keys_of`.
    fit_line
        Whether a line that was never trained on is fitted on these cells; else it has the mean
        embedding of all lines.
    """

    def __init__(
        self,
        model: Predictor,
        cells: NewCells,
        treatments: Treatments,
        molecules: Molecules,
        *,
        fit_line: bool,
    ) -> None:
        self._model, self._cells, self._treatments = model, cells, treatments
        self._molecules, self._keys = molecules, keys_of(treatments.structures)
        self.said: list[str] = []
        self.lines = [self._line(name, fit_line) for name in dict.fromkeys(cells.line)]
        rows = len(treatments.all) * len(self.lines) * len(model.trained.genes)
        if rows > MOST_ROWS:
            raise LacunaError(
                f"{len(treatments.all):,} treatments of {len(self.lines)} lines are {rows:,} rows "
                f"of the table of genes, expected at most {MOST_ROWS:,}. Give fewer drugs at once."
            )
        # By line: what the network misses of the controls' mean, which is added to predictions.
        self._missed: dict[str, np.ndarray] = {}
        self._off: dict[str, np.ndarray] = {}
        self._untreated: list[Sums] = []
        for line in self.lines:
            sums = Sums(len(model.trained.genes))
            for _, mean, variance in self._of_cells(line, [CONTROL], [0.0]):
                sums.add(mean, variance)
            control = cells.rows[line.cells].mean(axis=0, dtype=np.float64)
            self._off[line.name] = sums.mean - control
            self._untreated.append(sums)
        if model.trained.settings.offset == "controls":
            self._missed = {name: -off.astype(np.float32) for name, off in self._off.items()}
        self._summary: list[dict[str, Any]] = []
        self._of_genes: list[pd.DataFrame] = []

    @property
    def obs(self) -> pd.DataFrame:
        """Return what each predicted cell is: cell, drug, dose (micromolar), line."""
        order = np.concatenate([line.cells for line in self.lines])
        names = self._cells.names[order].astype(str)
        parts = [
            pd.DataFrame(
                {
                    "cell": names,
                    "drug": treatment.drug,
                    "dose": treatment.dose,
                    "line": self._cells.line[order],
                }
            )
            for treatment in self._treatments.all
        ]
        table = pd.concat(parts, ignore_index=True)
        several = len(self._treatments.all) > 1
        number = np.repeat(np.arange(1, len(parts) + 1), len(order)).astype(str)
        from anndata.utils import make_index_unique

        index = pd.Index(table["cell"] + ("-" + pd.Series(number) if several else ""))
        table.index = make_index_unique(index.rename(None))
        table["dose"] = numeric(table["dose"])
        texts = [name for name in table if table[name].dtype == object]
        return table.astype(dict.fromkeys(texts, "category"))

    @property
    def var(self) -> pd.DataFrame:
        """Return what each gene is: ensembl (empty where unknown), measured."""
        genes = self._model.trained.genes
        ids = self._model.ensembl.reindex(genes).fillna("").astype(str).to_numpy(object)
        return pd.DataFrame({"ensembl": ids, "measured": self._cells.measured}, index=genes)

    def blocks(self) -> Iterator[dict[str, np.ndarray]]:
        """Yield X, variance and control of predicted cells, in the order of `obs`."""
        for treatment in self._treatments.all:
            given = treatment.given
            drugs = [self._keys[row] for row, _ in given] or [CONTROL]
            doses = [dose for _, dose in given] or [0.0]
            for line, untreated in zip(self.lines, self._untreated, strict=True):
                sums = Sums(len(self._model.trained.genes))
                for some, mean, variance in self._of_cells(line, drugs, doses):
                    sums.add(mean, variance)
                    mean = mean + self._missed.get(line.name, np.float32(0))
                    yield {X: mean, VARIANCE: variance, START: self._cells.rows[some]}
                self._describe(treatment, line, sums, untreated)

    def tables(self) -> tuple[pd.DataFrame, pd.DataFrame]:
        """Return the table of treatments and lines, and that of genes; after all blocks."""
        summary = pd.DataFrame(self._summary, columns=SUMMARY)
        genes = pd.concat(self._of_genes, ignore_index=True)[OF_GENES]
        return (
            summary.assign(dose=numeric(summary["dose"])),
            genes.assign(dose=numeric(genes["dose"])),
        )

    def _of_cells(
        self, line: Line, drugs: list[str], doses: list[float]
    ) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
        """Yield which cells of a line, and mean and variance of each."""
        cells, chosen = self._cells, self._molecules.of_names(drugs)
        for first in range(0, len(line.cells), AT_ONCE):
            some = line.cells[first : first + AT_ONCE]
            library = None if cells.library is None else cells.library[some]
            found = self._model.trained.decoded(
                cells.rows[some], chosen, doses, line.place, library
            )
            yield some, *found

    def _line(self, name: str, fit: bool) -> Line:
        trained, cells = self._model.trained, np.flatnonzero(self._cells.line == name)
        shown = f"The line {name!r}" if name != NO_LINE else "No line is named: it"
        if name in trained.lines:
            if fit:
                self.said.append(f"The line {name!r} was trained on: nothing is fitted.")
            return Line(name, cells, trained.line(name), TRAINED)
        hint = did_you_mean(name, trained.lines) if name != NO_LINE else ""
        if not fit:
            self.said.append(
                f"{shown} was not trained on{hint}: its embedding is the mean of "
                f"{len(trained.lines)} training lines ({listed(trained.lines, 20)})."
            )
            return Line(name, cells, trained.line(name), MEAN)
        most = min(len(cells), FITTING_CELLS)
        some = cells[np.linspace(0, len(cells) - 1, most).astype(int)]
        library = None if self._cells.library is None else self._cells.library[some]
        base = Base(self._cells.rows[some], self._cells.line[some], library)
        self.said.append(
            f"{shown} was not trained on{hint}: its embedding is fitted on {most:,} of these cells."
        )
        return Line(name, cells, trained.fit_line(base), FITTED)

    def _describe(self, treatment: Treatment, line: Line, sums: Sums, untreated: Sums) -> None:
        genes, cells = self._model.trained.genes, self._cells
        control = cells.rows[line.cells].mean(axis=0, dtype=np.float64)
        missed = self._missed.get(line.name, 0.0)
        change = sums.mean - untreated.mean
        off = self._off[line.name][cells.measured]
        who = {"drug": treatment.drug, "dose": treatment.dose, "line": line.name}
        self._of_genes.append(
            self.var.rename_axis("gene")
            .reset_index()
            .assign(
                **who,
                control=control,
                untreated=untreated.mean + missed,
                predicted=sums.mean + missed,
                change=change,
                variance=sums.variance,
            )
        )
        order = np.argsort(-change, kind="stable")
        self._summary.append(
            {
                **who,
                "line_is": line.how,
                "cells": sums.count,
                "change": float(np.sqrt(np.mean(change**2))),
                "off": float(np.sqrt(np.mean(off**2))),
                "up": _named(genes, order[change[order] > 0]),
                "down": _named(genes, order[change[order] < 0][::-1]),
                **self._compared(treatment),
            }
        )

    def _compared(self, treatment: Treatment) -> dict[str, Any]:
        """Return what is said of a treatment's structures, and can be expected of it."""
        own = self._treatments.structures.iloc[list(treatment.structures)]
        expected = self._model.expected
        reached = expected.of(float(own["similarity"].min())) if len(own) == 1 else None
        if reached is None or expected.split not in OF_DRUGS:
            values = [np.nan] * 3
        else:
            values = reached[["median", "lower_quartile", "upper_quartile"]].tolist()
        return {
            "nearest": AND.join(own["nearest"]),
            "similarity": float(own["similarity"].min()),
            "smiles": ".".join(own["smiles"]),
            **dict(zip(("expected", "expected_low", "expected_high"), values, strict=True)),
        }


def from_starts(model: Predictor, line: str | None) -> NewCells:
    """Return what predictions of signatures start from, a row for each line.

    Parameters
    ----------
    model
        Of signatures.
    line
        The one that is wanted; None for all.

    Raises
    ------
    LacunaError
        If the model was not trained on it.
    """
    starts = model.starts
    if line is not None:
        if line not in starts.index:
            raise LacunaError(
                f"--line is {line!r}{did_you_mean(line, starts.index)}; this model is of "
                f"signatures, and starts from those of its lines: {listed(starts.index, 50)}."
            )
        starts = starts.loc[[line]]
    return NewCells(
        names=starts.index,
        line=starts.index.to_numpy(object),
        rows=starts.to_numpy(np.float32),
        library=None,
        measured=np.ones(starts.shape[1], dtype=bool),
        said=["Predictions start from the mean training signature of each line."],
    )


def numeric(doses: "pd.Series[str]") -> pd.Series:
    """Return doses as numbers, or as texts where one is of a combination."""
    return doses if doses.str.contains(AND, regex=False).any() else doses.astype(float)


def _named(genes: pd.Index, at: np.ndarray) -> str:
    return ", ".join(genes[at[:TOP]])
