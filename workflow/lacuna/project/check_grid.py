"""What the filters of `tensor:` leave at most, before any signature is made."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy import sparse
from scipy.sparse.csgraph import maximum_bipartite_matching

from lacuna.errors import LacunaError, listed
from lacuna.project.findings import Finding, counted
from lacuna.signatures.make import are_treated, sort_wells, wanted_types
from lacuna.signatures.signature_set import (
    COLUMNS,
    EXPERIMENT,
    FEW_DRUGS,
    HAS_P_VALUE,
    NO_POSITIONS,
    NO_REPLICATES,
    SHARED_LINE,
    SignatureSet,
)
from lacuna.signatures.within_plate import WithinPlates
from lacuna.tensor.build import build_tensor
from lacuna.tensor.profiles import ProfileSet
from lacuna.tensor.substances import (
    APART,
    BEST_ID,
    INCHI_KEY,
    NAME,
    best_ids,
    known_keys,
    same_substance,
    shared_ids,
)

PASSES = 0.0  # the p-value that stands for one which is not known yet


@dataclass(frozen=True)
class Bound:
    """What a run has at most.

    Attributes
    ----------
    experiments : DataFrame
        As the table of a `SignatureSet`, with what else filters ask where it is known, see
        `lacuna.tensor.filters.filter_experiments`.
    tensor : ProfileSet or None
        The large tensor at most, of one made-up gene; None where a filter leaves nothing.
    steps : DataFrame
        What each filter leaves at most; empty where one leaves nothing.
    fault : str
        Which filter leaves nothing; empty otherwise.
    made_here : bool
        Whether some p-values are not known yet.
    exact : bool
        Whether no p-value is open, so that a run has just that.
    certain : bool
        Whether a run has no more drugs, cells or profiles than `tensor`.
    """

    experiments: pd.DataFrame
    tensor: ProfileSet | None
    steps: pd.DataFrame
    fault: str
    made_here: bool
    exact: bool
    certain: bool


def possible_experiments(wells: pd.DataFrame) -> pd.DataFrame:
    """Return the experiments that a series of plates will have.

    Parameters
    ----------
    wells
        As `lacuna.io.geo.read_wells` returns them.

    Returns
    -------
    DataFrame
        The columns of a `SignatureSet`'s table. Where a p-value can be had, it is `PASSES`, else
        no_p_value says why not; all else that needs profiles is NaN.
    """
    wells = wells.assign(use=sort_wells(wells), pert_type=wanted_types(wells).astype(object))
    treated = wells[are_treated(wells["use"])].reset_index(drop=True)
    drugs = treated.groupby("plate", observed=True)["drug"].nunique()
    groups = treated.assign(on_plate=treated["plate"].map(drugs)).groupby(
        EXPERIMENT, dropna=False, sort=True, observed=True
    )
    table = groups.agg(
        name=("name", "first"),
        replicates=("well", "size"),
        fewest=("on_plate", "min"),
        plates=("plate", "nunique"),
    ).reset_index()
    table["no_p_value"] = np.where(table["replicates"] > 1, HAS_P_VALUE, NO_REPLICATES)
    apart = table["plates"].eq(table["replicates"])
    # `null_distances` gives up on all experiments of a batch with one number of replicates.
    alike = [table[key] for key in ("batch", "replicates")]
    fewest = table["fewest"].where(apart).groupby(alike).transform("min")
    doubtful = apart & table["replicates"].gt(1) & fewest.lt(table["replicates"])
    if doubtful.any() or not apart.all():
        members = list(groups.indices.values())
        plates = treated["plate"].to_numpy()
    if doubtful.any():
        drugs_on = treated.groupby("plate", observed=True)["drug"].agg(set)
        stuck = pd.Series(
            {
                row: _may_get_stuck([drugs_on[p] for p in plates[members[row]]])
                for row in table.index[doubtful]
            }
        )
        fails = stuck.reindex(table.index, fill_value=False).groupby(alike).transform("any")
        table.loc[fails & apart, "no_p_value"] = FEW_DRUGS
    if not apart.all():
        plate, drug = (pd.factorize(treated[name])[0] for name in ("plate", "drug"))
        within = WithinPlates(plate, drug, treated[["row", "column"]].to_numpy())
        shared = [within.why_none(np.asarray(members[row])) for row in table.index[~apart]]
        table.loc[~apart, "no_p_value"] = shared
    p_value = np.where(table["no_p_value"].eq(HAS_P_VALUE), PASSES, np.nan)
    return table.assign(acd=np.nan, p_value=p_value)[COLUMNS]


def _may_get_stuck(drugs_on: Sequence[set]) -> bool:
    """Return whether a random set may have taken every drug of a plate before its turn.

    Parameters
    ----------
    drugs_on
        The drugs of the plate of each place of the set.
    """
    for place, drugs in enumerate(drugs_on):
        if len(drugs) > place:
            continue
        fits = sparse.csr_array([[drug in before for before in drugs_on[:place]] for drug in drugs])
        if (maximum_bipartite_matching(fits, perm_type="column") >= 0).all():
            return True
    return False


def bound(experiments: pd.DataFrame, filters: Mapping[str, Any], *, made_here: bool) -> Bound:
    """Apply the filters of `tensor:` to what may be there.

    Parameters
    ----------
    experiments
        Of all series, as `possible_experiments` and `known_experiments` return them.
    filters
        As `lacuna.tensor.filters.filter_experiments` takes them.
    made_here
        Whether some p-values are not known yet.
    """
    any_gene = np.ones((len(experiments), 1), np.float32)
    signatures = SignatureSet(experiments, any_gene, np.array(["any"]))
    try:
        tensor, steps = build_tensor(signatures, **filters)
        fault = ""
    except LacunaError as error:
        tensor, steps, fault = None, pd.DataFrame(), str(error)
    exact = not made_here or filters["max_p_value"] >= 1
    # Which id of a name is the best may change with those that pass; what is merged only shrinks.
    certain = exact or filters.get("merge") != BEST_ID or not shared_ids(experiments, BEST_ID)
    return Bound(experiments, tensor, steps, fault, made_here, exact, certain)


def describe_experiments(experiments: pd.DataFrame) -> str:
    """Describe in a line how many experiments there are and why some can have no p-value."""
    why = experiments.loc[experiments["no_p_value"].ne(HAS_P_VALUE), "no_p_value"].value_counts()
    reasons = ", ".join(f"{count:,} {reason}" for reason, count in why.items())
    with_p = f"without a p-value: {reasons}" if reasons else "each with a p-value"
    return f"{counted(len(experiments), 'experiment')}, {with_p}"


# Why replicates of one plate have no p-value, and what would give them one.
CURES = {
    NO_POSITIONS: "Say where each well lies, A01 to P24: in a column rna_well, or behind a colon "
    "at the end of inst_id.",
    SHARED_LINE: "What the row or column does to them is not told from what the drug does.",
}


def find_in_replicates(experiments: pd.DataFrame, where: str) -> Iterator[Finding]:
    """Say which replicates of one plate are without a p-value because of where they lie."""
    for reason, cure in CURES.items():
        count = int(experiments["no_p_value"].eq(reason).sum())
        if count:
            said = f"{counted(count, 'experiment')} without a p-value: {reason}. {cure}"
            yield Finding(f"{where}, plates", said)


def describe_bound(found: Bound) -> list[str]:
    """Describe what the filters leave, a line each."""
    lines = [describe_experiments(found.experiments)]
    several = len(found.experiments["pert_type"].unique()) > 1
    for step in found.steps.to_dict("records"):
        at_most = "" if found.exact or step["step"] == "signatures" else "at most "
        of = f"{step['pert_type']}, " if several else ""
        lines.append(
            f"{of}{step['step']}: {at_most}{counted(step['profiles'], 'profile')}, "
            f"{counted(step['drugs'], 'drug')}, {counted(step['cells'], 'cell')}"
        )
    if not found.exact and found.tensor is not None:
        lines.append("How many pass the p-value, only the signatures will say.")
    return lines


def find_in_ids(experiments: pd.DataFrame, merge: str) -> Iterator[Finding]:
    """Say what is amiss where several ids of one drug stay apart."""
    if merge == APART and (shared := shared_ids(experiments, NAME)):
        yield Finding(
            "tensor: merge",
            f"{sum(map(len, shared)):,} ids share {counted(len(shared), 'name')}, as "
            f"{listed(shared[0])}, and stay apart: a drug may be held out while its twin is "
            "trained on, so that whole drugs are predicted too well. merge: name averages them.",
        )


def explain_nothing(found: Bound, filters: Mapping[str, Any]) -> str:
    """Say why a filter leaves nothing, and with which values something is left."""
    why = found.experiments["no_p_value"]
    causes = [f"{count:,} have {reason}" for reason, count in why.value_counts().items() if reason]
    of = f" Of {len(why):,} experiments, {', '.join(causes)}." if causes else ""
    said = found.fault.removeprefix("tensor: ").split(" Loosen")[0]
    if said == found.fault.removeprefix("tensor: "):  # no threshold, but what is not there
        return said
    said += of
    other = {**suggest_filters(found.experiments, made_here=found.made_here).thresholds}
    del other["merge"]  # it leaves nothing out
    left = bound(found.experiments, {**filters, **other}, made_here=found.made_here).tensor
    if left is None:
        return f"{said} No threshold would leave any."
    keys = ", ".join(f"{key}: {value}" for key, value in other.items() if filters[key] != value)
    leaves = f"which leaves {len(left):,} profiles at most"
    return f"{said} This would work: tensor: {{{keys}}}, {leaves}."


@dataclass(frozen=True)
class Chosen:
    """Thresholds that fit a data set, with the reason for each.

    Attributes
    ----------
    thresholds, reasons : dict
        By key of `tensor:`.
    """

    thresholds: Mapping[str, Any]
    reasons: Mapping[str, str]


REPLICATED_SHARE = 0.8  # of pairs in every cell: with fewer, a p-value would choose by cell
LARGE = 2000  # pairs from which on a screen can lose those whose replicates disagree
KEPT_SHARE = 0.5  # of pairs that the threshold of drugs and cells is to leave


def suggest_filters(experiments: pd.DataFrame, *, made_here: bool) -> Chosen:
    """Choose thresholds by the size of a data set.

    The paper's are taken where they leave enough; a small screen keeps all that it has.

    Parameters
    ----------
    experiments, made_here
        As in `bound`.
    """
    merge, why_merge = suggest_merge(experiments)
    drug = best_ids(experiments, same_substance(experiments, merge))
    has = experiments.assign(has=experiments["p_value"].notna(), drug=drug)
    pairs: pd.Series = has.groupby(["drug", "cell"], observed=True)["has"].any()
    share = pairs.groupby("cell").mean().min() if len(pairs) else 0.0
    replicated = share >= REPLICATED_SHARE
    large = len(pairs) >= LARGE or (replicated and not made_here)
    values: dict[str, Any] = {
        "max_p_value": 0.1 if replicated and large else 1,
        "unreplicated": "drop" if replicated and large else "keep",
        "merge": merge,
    }
    with_p = f"{int(pairs.sum()):,} of {counted(len(pairs), 'pair')} can have a p-value"
    if not replicated:
        with_p += f", below {REPLICATED_SHARE:.0%} of some cell's"
    elif not large:
        with_p += f"; of fewer than {LARGE:,} pairs none is to be lost"
    kept = "the paper's threshold" if values["max_p_value"] < 1 else "all are kept"
    reasons = {
        "max_p_value": f"{with_p}: {kept}",
        "unreplicated": f"{int((~pairs).sum()):,} pairs have none",
        "merge": why_merge,
    }
    all_pairs = pairs.index.get_level_values("drug").nunique() * _cells(pairs)
    for least_of in (3, 2, 1):
        values |= {"min_cells_per_drug": least_of, "min_drugs_per_cell": least_of}
        left = bound(experiments, values, made_here=made_here).tensor
        if left is None or len(left) < KEPT_SHARE * len(pairs):
            continue
        # Drugs that must be in every cell leave no gap to fill.
        if len(left) < left.measured.size or len(pairs) == all_pairs:
            break
    kept_pairs = len(left) if left is not None else 0
    per_drug = pairs.groupby("drug").size()
    reasons["min_cells_per_drug"] = (
        f"cells of a drug: {per_drug.median():g} (median), of {_cells(pairs)}; "
        f"{kept_pairs:,} of {len(pairs):,} pairs are left"
    )
    reasons["min_drugs_per_cell"] = f"drugs of a cell: {_drugs_per_cell(pairs)}"
    return Chosen(values, reasons)


def suggest_merge(experiments: pd.DataFrame) -> tuple[str, str]:
    """Choose what becomes of several ids of one drug, and say why.

    Parameters
    ----------
    experiments
        As in `bound`.
    """
    by = {NAME: "name"}
    if known_keys(experiments).notna().any():
        by[INCHI_KEY] = "InChIKey"
    for merge, what in by.items():
        if shared := shared_ids(experiments, merge):
            ids = sum(map(len, shared))
            return merge, (
                f"{ids:,} ids share {counted(len(shared), what)}, as {listed(shared[0])}: averaged "
                "as one drug; best_id would drop all but one of each, with what they measured"
            )
    return NAME, "no two ids share a name"


def _cells(pairs: pd.Series) -> int:
    return pairs.index.get_level_values("cell").nunique()


def _drugs_per_cell(pairs: pd.Series) -> str:
    sizes = pairs.groupby("cell").size()
    low, high = (int(sizes.min()), int(sizes.max())) if len(sizes) else (0, 0)
    return str(low) if low == high else f"{low} to {high}"
