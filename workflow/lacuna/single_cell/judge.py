"""Judging what was predicted of a fold's test conditions."""

from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from lacuna.errors import LacunaError
from lacuna.single_cell.definitions import Compared
from lacuna.single_cell.found import Found, overlap
from lacuna.single_cell.interface import CONDITION, FEWEST_CELLS, TEST, Fold, Kind, Predicted, Seen
from lacuna.single_cell.methods import line_mean
from lacuna.single_cell.metrics import ALL, DEG, DEG_POOLED, FEWEST_GENES, METRICS, Metric
from lacuna.single_cell.seen import Known, judged_rows
from lacuna.vectors import mean_by

JUDGED = [*CONDITION, "observations"]
SCORES = [*JUDGED, "genes", "metric", "value"]
CHANCE = "chance"  # stands among the methods: what knowing nothing of the drug scores


@dataclass(frozen=True)
class Truth:
    """What predictions of a fold are compared with.

    Attributes
    ----------
    conditions : DataFrame with columns drug, line, dose, observations
        Conditions of drugs in the test, of more than `FEWEST_CELLS` cells; all of signatures.
    compared : Compared
        Of these; predictions, and means over the drugs judged, are NaN.
    halves : array of shape (2, conditions, genes)
        Means of two halves of the cells; NaN where there are too few.
    lists : mapping of str to list of int array
        By kind, `DEG` and `DEG_POOLED`: positions of the listed genes of each condition, those that
        change most first; empty where there is no list.
    place : int array of shape (conditions,)
        The line and dose of each.
    kind
        Of the observations.
    """

    conditions: pd.DataFrame
    compared: Compared
    halves: np.ndarray
    lists: Mapping[str, list[np.ndarray]]
    place: np.ndarray
    kind: Kind

    @classmethod
    def of(cls, fold: Fold, seen: Seen, kind: Kind) -> "Truth":
        """Read the test conditions of a fold.

        Parameters
        ----------
        fold
            Who is judged.
        seen
            See `lacuna.single_cell.seen.seen_of`: controls and means are of these.
        kind
            Of the observations.

        Raises
        ------
        LacunaError
            If there is nothing to judge.
        """
        fewest = 0 if kind == "signatures" else FEWEST_CELLS
        kept = judged_rows(fold) & (fold.conditions["observations"].to_numpy() > fewest)
        if not kept.any():
            raise LacunaError(
                f"single_cell: fold {fold.name} has no test condition of more than {fewest} "
                "observations. Hold out other drugs, or take data with more cells."
            )
        conditions = fold.conditions.loc[kept, JUDGED].reset_index(drop=True)
        known = Known.of(seen)
        # as predictions are: a control that is predicted is so no change, to the last bit
        seen_control = known.control_of(conditions["line"])[0].astype(np.float32).astype(float)
        means = line_mean.predict(seen, conditions, np.random.default_rng(0)).mean.astype(float)
        measured = fold.mean[kept].astype(float)
        compared = Compared(
            measured=measured,
            predicted=np.full_like(measured, np.nan),
            control=_held_controls(fold, conditions["line"], seen_control),
            seen_control=seen_control,
            mean=means,
            common=np.full_like(measured, np.nan),
            predicted_common=np.full_like(measured, np.nan),
            measured_variance=fold.variance[kept].astype(float),
            predicted_variance=np.full_like(measured, np.nan),
        )
        place = conditions.groupby(["line", "dose"]).ngroup().to_numpy()
        lists = lists_of(fold, conditions)
        return cls(conditions, compared, fold.halves[:, kept], lists, place, kind)

    def with_predicted(self, predicted: Predicted, name: str) -> Compared:
        """Put predictions beside what was measured.

        Parameters
        ----------
        predicted
            Of all conditions, in any order; more are left out.
        name
            Of the method, for messages.

        Raises
        ------
        LacunaError
            If a condition is missing or stands twice, genes differ, or a mean is not finite.
        """
        index = pd.MultiIndex.from_frame(predicted.conditions[CONDITION])
        if index.has_duplicates:
            raise LacunaError(
                f"single_cell: {name} predicts {_shown(index[index.duplicated()][0])} twice. "
                "Predict each condition once."
            )
        wanted = pd.MultiIndex.from_frame(self.conditions[CONDITION])
        at = index.get_indexer(wanted)
        if (at < 0).any():
            raise LacunaError(
                f"single_cell: {name} does not predict {int((at < 0).sum())} of {len(at)} test "
                f"conditions, such as {_shown(wanted[at < 0][0])}. Delete its predictions, and "
                "run again."
            )
        genes = self.compared.measured.shape[1]
        if predicted.mean.shape[1] != genes or predicted.variance.shape[1] != genes:
            raise LacunaError(
                f"single_cell: {name} predicts {predicted.mean.shape[1]} genes, the fold has "
                f"{genes}. Delete its predictions, and run again."
            )
        mean = predicted.mean[at].astype(float)
        if not np.isfinite(mean).all():
            row = int(np.argmin(np.isfinite(mean).all(axis=1)))
            raise LacunaError(
                f"single_cell: {name} predicts a mean of {_shown(wanted[row])} that is not "
                "finite. Look at its losses: a training that diverged predicts such."
            )
        variance = predicted.variance[at].astype(float)
        return replace(
            self.compared,
            predicted=mean,
            predicted_variance=variance,
            common=self._common(self.compared.measured),
            predicted_common=self._common(mean),
        )

    def _common(self, rows: np.ndarray) -> np.ndarray:
        """Return the mean of the rows of each line and dose, in each row; NaN where it is one."""
        size = np.bincount(self.place)
        means, _ = mean_by(self.place, len(size), rows)
        return np.where((size[self.place] < 2)[:, None], np.nan, means[self.place])

    def measured_by_half(self, half: int) -> tuple["Truth", np.ndarray]:
        """Return the truth by one half of the cells, and the other half, shape (n, genes).

        Conditions without halves are left out.
        """
        some = self.take(np.isfinite(self.halves).all(axis=(0, 2)))
        one, other = some.halves[half], some.halves[1 - half]
        return replace(some, compared=replace(some.compared, measured=one.astype(float))), other

    def of_drugs(self, predicted: Predicted) -> "Truth":
        """Return the truth of drugs of which anything is predicted."""
        return self.take(self.conditions["drug"].isin(predicted.conditions["drug"]).to_numpy())

    def take(self, kept: np.ndarray) -> "Truth":
        """Return the truth of some conditions, bool of shape (conditions,)."""
        rows = np.flatnonzero(kept)
        columns = np.arange(self.compared.measured.shape[1])
        return Truth(
            self.conditions.iloc[rows].reset_index(drop=True),
            self.compared.take(rows, np.tile(columns, (len(rows), 1))),
            self.halves[:, rows],
            {name: [listed[row] for row in rows] for name, listed in self.lists.items()},
            self.place[rows],
            self.kind,
        )


def scores(truth: Truth, compared: Compared) -> pd.DataFrame:
    """Score predictions by all metrics, on all genes and on both kinds of lists.

    Parameters
    ----------
    truth
        What was measured.
    compared
        See `Truth.with_predicted`.

    Returns
    -------
    DataFrame with columns drug, line, dose, observations, genes, metric, value
        No row where a metric does not apply: variances that nobody predicts, a list of fewer than
        two genes, ranks on listed genes (the list would tell the drug), a drug alone in its place.
    """
    tables = []
    for genes, rows, part in _gene_sets(truth, compared):
        for name, metric in _metrics(truth.kind):
            if metric.value is not None:
                tables.append(_table(truth, rows, genes, name, metric.value(part)))
    for genes, rows, listed in _listed(truth):
        values = overlap(compared.predicted_change[rows], listed)
        tables.append(_table(truth, rows, genes, "overlap", values))
    found = Found.of(compared.change, compared.predicted_change, truth.place)
    return pd.concat([*tables, *_of_found(truth, found)], ignore_index=True)


def chance(truth: Truth) -> pd.DataFrame:
    """Return what a method scores that knows nothing of the drug.

    Returns
    -------
    DataFrame with columns drug, line, dose, observations, genes, metric, value
        Of the metrics for which that is known.
    """
    tables = []
    for genes, rows, _ in _gene_sets(truth, truth.compared):
        for name, metric in _metrics(truth.kind):
            if metric.chance is not None:
                values = np.full(len(rows), metric.chance)
                tables.append(_table(truth, rows, genes, name, values))
    for genes, rows, listed in _listed(truth):
        share = listed.shape[1] / truth.compared.measured.shape[1]
        tables.append(_table(truth, rows, genes, "overlap", np.full(len(rows), share)))
    changes = truth.compared.change
    found = Found.of(changes, changes, truth.place).at_random()
    return pd.concat([*tables, *_of_found(truth, found)], ignore_index=True)


def lists_of(fold: Fold, conditions: pd.DataFrame) -> dict[str, list[np.ndarray]]:
    """Return positions of the listed genes of conditions: their own, and those over all doses."""
    degs = fold.degs.assign(at=fold.genes.get_indexer(pd.Index(fold.degs["gene"])))
    degs = degs[degs["at"] >= 0].sort_values("rank", kind="stable")
    pooled = degs["dose"].isna()
    none = np.zeros(0, dtype=int)
    found = {}
    for kind, by, rows in ((DEG, CONDITION, ~pooled), (DEG_POOLED, CONDITION[:2], pooled)):
        lists = {key: part.to_numpy() for key, part in degs[rows].groupby(by)["at"]}
        wanted = conditions[by].itertuples(index=False, name=None)
        found[kind] = [lists.get(key, none) for key in wanted]
    return found


def _held_controls(fold: Fold, lines: "pd.Series[str]", seen_control: np.ndarray) -> np.ndarray:
    """Return the controls of the test, by line, float64 of shape (n, genes).

    A line without any has those that are seen: signatures, whose controls are means of drugs, and
    lines of a single control.
    """
    held = seen_control.copy()
    table = fold.conditions
    in_test = (table["control"].astype(bool) & (table["role"] == TEST)).to_numpy()
    for row in np.flatnonzero(in_test):
        held[(lines == table["line"].iloc[row]).to_numpy()] = fold.mean[row]
    return held


def _metrics(kind: Kind) -> list[tuple[str, Metric]]:
    """Return the metrics that a kind of observations has."""
    return [pair for pair in METRICS.items() if kind != "signatures" or not pair[1].cells_only]


def _listed(truth: Truth) -> Iterator[tuple[str, np.ndarray, np.ndarray]]:
    """Yield each kind of lists, the rows whose lists are of one length, and these lists."""
    for kind, lists in truth.lists.items():
        lengths = np.array([len(listed) for listed in lists])
        for length in np.unique(lengths[lengths >= FEWEST_GENES]):
            rows = np.flatnonzero(lengths == length)
            yield kind, rows, np.stack([lists[row] for row in rows])


def _gene_sets(truth: Truth, compared: Compared) -> Iterator[tuple[str, np.ndarray, Compared]]:
    yield ALL, np.arange(len(truth.conditions)), compared
    for kind, rows, listed in _listed(truth):
        yield kind, rows, compared.take(rows, listed)


def _of_found(truth: Truth, found: Found) -> Iterator[pd.DataFrame]:
    rows = np.flatnonzero(found.drugs > 1)
    for name, values in (
        ("reciprocal_rank", found.reciprocal_rank),
        ("rank_share", found.rank_share),
    ):
        yield _table(truth, rows, ALL, name, values[rows])


def _table(
    truth: Truth, rows: np.ndarray, genes: str, metric: str, values: np.ndarray
) -> pd.DataFrame:
    known = np.isfinite(values)
    table = truth.conditions.iloc[rows[known]]
    return table.assign(genes=genes, metric=metric, value=values[known])[SCORES]


def _shown(condition: tuple[Hashable, ...]) -> str:
    drug, line, dose = condition
    return f"{drug} in {line} at {dose} uM"
