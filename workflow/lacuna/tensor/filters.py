"""The filters of `tensor:`: which experiments, drugs and cells stay, and why the others fall out.

They come in the order of the code of Hodos et al. 2018. Two of its faults are mended: drugs
without a name are distinct drugs (that code keeps only one of them), and names that differ only in
upper and lower case are one drug.

Source: Hodos et al. 2018, section 2.2, doi:10.1142/9789813235533_0004, and the authors' code.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from lacuna.errors import LacunaError
from lacuna.tensor.chosen import other_cells, other_doses, other_times
from lacuna.tensor.substances import (
    APART,
    BEST_ID,
    INCHI_KEY,
    NAME,
    best_ids,
    same_substance,
    told_apart,
)

DROPPED = ["step", "what", "drug", "name", "pert_type", "cell", "dose", "time", "batch"]
DROPPED += ["replicates", "acd", "p_value", "experiments", "why"]
TEXTS = ["drug", "name", "pert_type", "cell", "batch"]
ALL_TYPES = "all"  # the pert_type of counts of all of them, where there are several
NUMBERS = ["dose", "time", "replicates", "acd", "p_value"]
MERGING = {
    NAME: "ids of one name merged",
    INCHI_KEY: "ids of one InChIKey merged",
    BEST_ID: "one id per drug name",
}
WELLS = "wells"  # the step before the first one, which no count of signatures shows


@dataclass(frozen=True)
class Filtered:
    """What the filters leave, and what fell out.

    Attributes
    ----------
    table : DataFrame
        The experiments that are left, with their labels among all; id is their own; own is that,
        or what tells it from the same id of another pert_type; drug is the one that it was merged
        into.
    steps : DataFrame, one row per step
        step, then profiles, drugs, cells after the step and, with the suffix _before, before it,
        and pert_type. Where there are several, "all" comes first, and then each, with rows of its
        own for all steps.
    dropped : DataFrame with the columns `DROPPED`
        What fell out at which step, and why. A row is of an experiment; of a drug, or a cell, whose
        last experiments fell out there; or of an id that was merged into another. experiments: how
        many it stands for. The numbers and the reason of a drug or a cell are those of the
        experiment that came nearest to being kept.
    """

    table: pd.DataFrame
    steps: pd.DataFrame
    dropped: pd.DataFrame


def filter_experiments(
    experiments: pd.DataFrame,
    *,
    max_p_value: float,
    unreplicated: str,
    min_cells_per_drug: int,
    min_drugs_per_cell: int,
    min_cc_q75: float | None = None,
    merge: str = APART,
    cells: Sequence[str] | None = None,
    times: Sequence[float] | None = None,
    doses: Mapping[str, float | None] | None = None,
) -> Filtered:
    """Filter experiments.

    Parameters
    ----------
    experiments
        As the table of a `SignatureSet`; with inchi_key where it is known, see
        `lacuna.tensor.substances.add_facts`.
    max_p_value
        Experiments whose ACD p-value is above it are dropped.
    unreplicated
        "keep" or "drop" experiments without a p-value.
    min_cells_per_drug, min_drugs_per_cell
        Drugs in fewer distinct cells, and cells with fewer distinct drugs, are dropped, again and
        again until nothing changes.
    min_cc_q75
        Ready-made signatures whose replicates are less alike (cc_q75) are dropped; those of which
        it is not known are kept. None drops nothing.
    merge
        What becomes of several ids of one drug: they are merged into that with most cells by
        "name" or "inchikey", all but that one are dropped ("best_id"), or they stay apart ("none").
        Ids of several types of treatments are never merged, nor is one id that has several.
    cells, times, doses
        See `lacuna.tensor.chosen`; None keeps all.

    Raises
    ------
    LacunaError
        If a step leaves nothing; it names the step and its threshold. If a cell or time that is
        asked for is that of no signature. If `min_cc_q75` is given, and
        no signature says how alike its replicates are; if ids are to be merged by InChIKey, and no
        drug has one.
    """
    if min_cc_q75 is not None:
        _check_cc_q75(experiments)
    # Tables that were read for a look alone have categories, of which groups would be all.
    table = experiments.astype(dict.fromkeys(TEXTS, object)).reset_index(drop=True)
    own = told_apart(table)
    left = _Left(table.assign(id=table["drug"], own=own, drug=own))
    for step, why in (
        *([] if cells is None else [other_cells(table, cells)]),
        *([] if times is None else [other_times(table, times)]),
        *([] if doses is None else [other_doses(table, doses)]),
    ):
        left.drop(step, why[why.index.isin(left.table.index)])
    left.drop(*_without_p_value(left.table, unreplicated))
    far = left.table["p_value"][lambda p: p > max_p_value].sort_values(kind="stable")
    left.drop(
        f"ACD p-value at most {max_p_value:g}",
        _texts(far, f"p-value {{:.6g}} above {max_p_value:g}"),
    )
    if min_cc_q75 is not None:
        unlike = left.table["cc_q75"][lambda q: q < min_cc_q75]
        left.drop(
            f"distil_cc_q75 at least {min_cc_q75:g}, where it is known",
            _texts(
                unlike.sort_values(ascending=False, kind="stable"),
                f"distil_cc_q75 {{:.6g}} below {min_cc_q75:g}",
            ),
        )
    if merge == BEST_ID:
        left.drop(MERGING[merge], _of_other_ids(left.table))
    elif merge != APART:
        left.merge(MERGING[merge], best_ids(left.table, same_substance(left.table, merge)))
    left.drop(
        f"at least {min_drugs_per_cell} drugs per cell and {min_cells_per_drug} cells per drug",
        _too_sparse(left.table, min_cells_per_drug, min_drugs_per_cell),
    )
    return left.averaged()


def add_left_out(
    dropped: pd.DataFrame, left_out: Iterable[pd.DataFrame], known: pd.DataFrame
) -> pd.DataFrame:
    """Add the drugs of which no well became a signature, before all others.

    Parameters
    ----------
    dropped
        As `Filtered` has it.
    left_out
        As `lacuna.signatures.left_out.drugs_left_out` returns them, of each series.
    known
        drug and pert_type of those that have a signature, from other series.
    """
    rows = [
        table.assign(
            **{"step": WELLS, "what": "drug", "cell": "", "batch": ""},
            **dict.fromkeys(NUMBERS, np.nan),
            experiments=0,
        )[DROPPED]
        for table in (table[~_pairs(table).isin(_pairs(known))] for table in left_out)
        if len(table)
    ]
    tables = [*rows, *([dropped] if len(dropped) else [])]
    return pd.concat(tables, ignore_index=True) if rows else dropped


def _pairs(table: pd.DataFrame) -> pd.MultiIndex:
    return pd.MultiIndex.from_arrays([table[key].astype(str) for key in ("drug", "pert_type")])


class _Left:
    """The experiments that are left, and the account of what fell out.

    Parameters
    ----------
    table
        All experiments; their labels are unique.
    """

    def __init__(self, table: pd.DataFrame):
        self.table = table
        types = list(table["pert_type"].unique())
        self._steps: dict[str, list[dict]] = {
            of: [] for of in (types if len(types) == 1 else [ALL_TYPES, *sorted(types)])
        }
        self._count("signatures", table)
        self._dropped: list[pd.DataFrame] = []

    def drop(self, step: str, why: pd.Series) -> None:
        """Drop experiments.

        Parameters
        ----------
        step
            Its name, with its threshold.
        why : Series of str
            Why each experiment falls out, by its label; that which comes nearest to being kept is
            the first.
        """
        out, left = self.table.loc[why.index].assign(why=why), self.table.drop(index=why.index)
        if left.empty:
            before = next(iter(self._steps.values()))[-1]
            raise LacunaError(
                f"tensor: the step '{step}' leaves no profile of {before['profiles']} "
                f"({before['drugs']} drugs, {before['cells']} cells). "
                "Loosen its threshold under `tensor:` in the configuration."
            )
        self.table = left
        for what, blank in (("drug", ["cell"]), ("cell", ["drug", "name", "pert_type"])):
            gone = out[~out[what].isin(left[what])]
            last = gone.drop_duplicates(what)
            count = last[what].map(gone[what].value_counts())
            blanks = dict.fromkeys([*blank, "batch"], "") | {"dose": np.nan, "time": np.nan}
            self._note(step, what, last.assign(experiments=count, **blanks))
        # A user knows the id of an experiment, not what it was merged into.
        self._note(step, "experiment", out.sort_index().assign(experiments=1, drug=out["id"]))
        self._count(step, left)

    def merge(self, step: str, drug: pd.Series) -> None:
        """Merge ids.

        Parameters
        ----------
        step
            Its name.
        drug : Series of str
            The id that each experiment's is merged into.
        """
        merged = self.table.assign(into=drug)[self.table["drug"] != drug]
        ids = merged.drop_duplicates("drug")
        numbers = dict.fromkeys(NUMBERS, np.nan)
        why = "merged into " + ids["into"].astype(object)
        count = ids["drug"].map(merged["drug"].value_counts())
        self._note(
            step, "drug", ids.assign(experiments=count, why=why, cell="", batch="", **numbers)
        )
        self.table = self.table.assign(drug=drug)
        self._count(step, self.table)

    def averaged(self) -> Filtered:
        """Return all, with the counts of the tensor as the last step."""
        self._count(
            "averaged over dose, time and batch", self.table.drop_duplicates(["drug", "cell"])
        )
        steps = [
            _add_counts_before(pd.DataFrame(rows)).assign(pert_type=of)
            for of, rows in self._steps.items()
        ]
        dropped = (
            pd.concat(self._dropped, ignore_index=True)
            if self._dropped
            else pd.DataFrame(columns=DROPPED)
        )
        return Filtered(self.table, pd.concat(steps, ignore_index=True), dropped)

    def _count(self, step: str, table: pd.DataFrame) -> None:
        for of, rows in self._steps.items():
            whole = of == ALL_TYPES or len(self._steps) == 1
            counted = table if whole else table[table["pert_type"].eq(of)]
            rows.append({"step": step, **_count(counted)})

    def _note(self, step: str, what: str, rows: pd.DataFrame) -> None:
        if len(rows):
            noted = rows.assign(step=step, what=what)[DROPPED]
            self._dropped.append(noted.astype(dict.fromkeys(NUMBERS, float)))


def _count(table: pd.DataFrame) -> dict[str, int]:
    return {
        "profiles": len(table),
        "drugs": table["drug"].nunique(),
        "cells": table["cell"].nunique(),
    }


def _add_counts_before(steps: pd.DataFrame) -> pd.DataFrame:
    counts = steps[["profiles", "drugs", "cells"]]
    before = counts.shift(fill_value=0).add_suffix("_before")
    before.iloc[0] = counts.iloc[0]
    return steps.join(before)


def _check_cc_q75(table: pd.DataFrame) -> None:
    if "cc_q75" not in table or table["cc_q75"].isna().all():
        raise LacunaError(
            "tensor: min_cc_q75 is given, but no signature says how alike its replicates are; "
            "expected a column distil_cc_q75 in sig_info. Leave min_cc_q75 out, or give it."
        )


def _texts(numbers: pd.Series, form: str) -> pd.Series:
    """Write each number in a sentence."""
    return pd.Series([form.format(number) for number in numbers], numbers.index, dtype=object)


def _without_p_value(table: pd.DataFrame, unreplicated: str) -> tuple[str, pd.Series]:
    """Return the first step, and why experiments fall out there."""
    without = table[table["p_value"].isna()]
    why = without["no_p_value"]
    reasons = ", ".join(f"{count:,} {reason}" for reason, count in why.value_counts().items())
    step = f"{len(without):,} experiments without a p-value"
    step += f" ({reasons}): {unreplicated}" if reasons else f": {unreplicated}"
    kept = unreplicated == "keep"
    return step, "no p-value: " + (why.iloc[:0] if kept else why).astype(object)


def _of_other_ids(table: pd.DataFrame) -> pd.Series:
    best = best_ids(table, same_substance(table, BEST_ID))
    cells = table.groupby("drug")["cell"].nunique()
    other = table[table["drug"] != best]
    return pd.Series(
        [
            f"{kept} of the same name is in {cells[kept]} cells, this id in {cells[drug]}"
            for drug, kept in zip(other["drug"], best[other.index], strict=True)
        ],
        other.index,
        dtype=object,
    )


def _too_sparse(table: pd.DataFrame, min_cells: int, min_drugs: int) -> pd.Series:
    """Return why experiments fall out; those of the last round come first."""
    kept, rounds = table, [pd.Series(dtype=object)]
    while True:
        size = len(kept)
        for what, of, least in (("cell", "drug", min_drugs), ("drug", "cell", min_cells)):
            count = kept.groupby(what)[of].transform("nunique")
            few = count[count < least]
            form = f"{of}s left {'in' if what == 'cell' else 'of'} the {what}: {{}}, fewer than "
            rounds.append(_texts(few, f"{form}{least}"))
            kept = kept.drop(index=few.index)
        if len(kept) == size:
            return pd.concat([few for few in rounds[::-1] if len(few)] or rounds[:1])
