"""Which wells are compared with which: the treatments of each batch, and their control wells.

A batch is the set of plates that replicate each other. A treatment (drug, type, cell, time and
dose) of a batch is compared in one of two ways:

- "vehicle": with the control wells of its own plates, after each plate's control mean is taken off;
- "others": with all wells of other drugs in the batch, active ones too, doses pooled and plates as
  they are: the way of Jeon et al. 2022 (doi:10.1186/s12859-022-04895-5).
"""

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from lacuna.errors import LacunaError, did_you_mean, listed
from lacuna.io.annotations import CONNECTIVITY
from lacuna.io.geo import batch_of
from lacuna.signatures.characteristic_direction import FEWEST_VEHICLE_WELLS
from lacuna.translation.differential import Scores, compare

WAYS = ("vehicle", "others")
COMPOUND = "trt_cp"
NEEDED = ("well", "drug", "plate", "cell", "type", "time", "dose")
# LINCS controls a knock-down, knock-out or overexpression by vectors without a target, not by the
# drugs' solvent. The first kind of which a plate has enough wells is taken.
VECTOR_FIRST = ("ctl_vector", "ctl_vehicle")
CONTROLS = {"trt_sh": VECTOR_FIRST, "trt_xpr": VECTOR_FIRST, "trt_oe": VECTOR_FIRST}
DRUG_CONTROLS = ("ctl_vehicle",)
FACTS = ("batch", "drug", "name", "type", "cell", "time", "dose", "control", "plates", "wells")
# Rows of profiles by the positions of wells: of an array, or of a file.
Read = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True)
class Treatment:
    """The wells of one treatment of a batch, and those that they are compared with.

    Attributes
    ----------
    facts : dict
        `FACTS`: batch, drug (the id that stands for all of its ids), name, type, cell, time and
        dose (NaN where doses are pooled), control (the kind of control wells, or "others"), plates
        and wells (how many are treated).
    treated, control : int arrays
        Positions of wells, increasing.
    way : str
        One of `WAYS`.
    """

    facts: dict[str, object]
    treated: np.ndarray = field(repr=False)
    control: np.ndarray = field(repr=False)
    way: str


def same_drugs(drugs: pd.DataFrame) -> dict[str, str]:
    """Say which ids are one drug.

    Two ids are one drug if they differ in upper and lower case only, have the same InChIKey, or
    have the same name (whatever its case) and the same connections: LINCS draws dexamethasone with
    and without its stereochemistry. The connections alone do not do, as betamethasone has those of
    dexamethasone. Where an id's structure is unknown, its name counts alone, unless ids of several
    structures have it.

    Parameters
    ----------
    drugs
        drug, and as far as known name and inchi_key: one row or more per id.

    Returns
    -------
    dict
        By id, the id that stands for its drug: the first in the order of names.
    """
    known = pd.DataFrame({"drug": drugs["drug"].astype(str)})
    for column in ("name", "inchi_key"):
        values = drugs.get(column)
        known[column] = pd.Series(values, index=drugs.index, dtype=object).fillna("").astype(str)
    name = known["name"].str.strip().str.casefold()
    key = known["inchi_key"].str.removeprefix("InChIKey=").str.strip()
    connections = key.str[:CONNECTIVITY]
    of_name = connections[connections != ""].groupby(name).unique()
    only = name.map(of_name[of_name.str.len() == 1].str[0]).fillna("")
    connections = connections.where(connections != "", only)
    links = [
        "id " + known["drug"].str.casefold(),
        ("key " + key).where(key != ""),
        ("name " + name + " " + connections).where(name != ""),
    ]
    ids, row = np.unique(known["drug"], return_inverse=True)
    place, _ = pd.factorize(pd.concat(links).to_numpy())
    rows, given = np.tile(row, len(links)), place >= 0
    size = len(ids) + place.max(initial=0) + 1
    edges = (np.ones(given.sum()), (rows[given], len(ids) + place[given]))
    _, drug = connected_components(coo_array(edges, shape=(size, size)), directed=False)
    first = dict(zip(drug[: len(ids)][::-1], ids[::-1], strict=True))
    return {str(each): str(first[of]) for each, of in zip(ids, drug[: len(ids)], strict=True)}


def find_drug(text: str, drugs: pd.DataFrame, same: dict[str, str]) -> str:
    """Return the id that stands for a drug given by an id or a name, in any case.

    Parameters
    ----------
    text
        For example Dexamethasone.
    drugs
        drug and name.
    same
        As `same_drugs` returns it.

    Raises
    ------
    LacunaError
        If no drug is called so, or several are.
    """
    wanted = text.strip().casefold()
    called = drugs["drug"].astype(str).str.casefold().eq(wanted)
    called |= drugs["name"].astype(object).fillna("").astype(str).str.casefold().eq(wanted)
    found = sorted({same[str(drug)] for drug in drugs.loc[called, "drug"]})
    if len(found) == 1:
        return found[0]
    if found:
        raise LacunaError(
            f"{text!r} is the name of several drugs: {listed(found)}. Give the id of one of them."
        )
    hint = did_you_mean(text, drugs["name"].dropna().astype(str))
    raise LacunaError(f"no well got a drug called {text!r}{hint}; expected an id or a name.")


def find_treatments(
    wells: pd.DataFrame, same: dict[str, str], way: str, types: Collection[str] = (COMPOUND,)
) -> tuple[list[Treatment], pd.DataFrame]:
    """Return the treatments of all batches, and the wells that none of them can use.

    Parameters
    ----------
    wells
        One row per profile, in their order: well, drug (pert_id), plate, cell, type (pert_type),
        time, dose, and where known name.
    same
        Ids of compounds that are one drug, see `same_drugs`; other ids stand for themselves.
    way
        One of `WAYS`.
    types
        Which perturbations are wanted, as LINCS calls them: trt_cp, trt_sh, trt_xpr, ...

    Returns
    -------
    treatments : list of Treatment
        In the order of batch, drug, type, cell, time and dose.
    left_out : DataFrame with columns well, left_out
        Wells of a wanted type without enough control wells, and why.

    Raises
    ------
    LacunaError
        If a column is missing, a well stands twice, or no well has a wanted type.
    """
    table = _with_identity(wells, same, types)
    wanted = table["type"].isin(types)
    dose = [] if way == "others" else ["dose"]
    by = ["batch", "drug", "type", "cell", "time", *dose]
    use = _usable_plates(table) if way == "vehicle" else {}
    in_batch = {
        place: np.sort(at) for place, at in table.groupby(["batch", "cell"]).indices.items()
    }
    treatments, left_out = [], []
    for values, rows in table[wanted].groupby(by, dropna=False, sort=True):
        facts = dict(zip(by, values, strict=True))
        if way == "vehicle":
            treated, control, kind = _own_plates(rows, use)
            reason = f"plate with fewer than {FEWEST_VEHICLE_WELLS} wells of "
            reason += " or ".join(_kinds(str(facts["type"])))
        else:
            treated, kind = rows["at"].to_numpy(), "others"
            batch = in_batch[facts["batch"], facts["cell"]]
            control = batch[(table["drug"].to_numpy()[batch] != facts["drug"])]
            reason = f"batch with fewer than {FEWEST_VEHICLE_WELLS} wells of other drugs"
            treated = treated if len(control) >= FEWEST_VEHICLE_WELLS else treated[:0]
        lost = rows.loc[~rows["at"].isin(treated), "well"]
        left_out += [(well, reason) for well in lost]
        if len(treated):
            of_treated = table.iloc[treated]
            doses = of_treated["dose"].unique()
            facts |= {"dose": doses[0] if len(doses) == 1 else np.nan, "control": kind}
            facts |= {"name": of_treated["name"].iloc[0], "plates": of_treated["plate"].nunique()}
            facts["wells"] = len(treated)
            facts = {fact: facts[fact] for fact in FACTS}
            treatments.append(Treatment(facts, np.sort(treated), np.sort(control), way))
    return treatments, pd.DataFrame(left_out, columns=["well", "left_out"])


def _with_identity(
    wells: pd.DataFrame, same: dict[str, str], types: Collection[str]
) -> pd.DataFrame:
    if missing := [column for column in NEEDED if column not in wells]:
        raise LacunaError(f"the table of wells has no column {listed(missing)}.")
    if (twice := wells["well"].duplicated()).any():
        raise LacunaError(f"the wells {listed(wells.loc[twice, 'well'].unique())} stand twice.")
    if not wells["type"].isin(types).any():
        found = listed(sorted(wells["type"].astype(str).unique()))
        raise LacunaError(
            f"no well is a perturbation of type {listed(sorted(types))}; there are {found}."
        )
    table = wells.reset_index(drop=True).assign(at=np.arange(len(wells)))
    ids = table["drug"].astype(str)
    table["drug"] = ids.map(same).where(table["type"].eq(COMPOUND)).fillna(ids)
    table["name"] = table["name"].fillna(table["drug"]) if "name" in table else table["drug"]
    return table.assign(batch=batch_of(table["plate"].astype(str)))


def _kinds(perturbation: str) -> tuple[str, ...]:
    return CONTROLS.get(perturbation, DRUG_CONTROLS)


def _usable_plates(table: pd.DataFrame) -> dict[tuple[str, str], np.ndarray]:
    """Return the control wells of each plate and kind, where there are enough of them."""
    controls = table[table["type"].isin({*VECTOR_FIRST, *DRUG_CONTROLS})]
    return {
        (str(rows["plate"].iloc[0]), str(rows["type"].iloc[0])): rows["at"].to_numpy()
        for _, rows in controls.groupby(["plate", "type"])
        if len(rows) >= FEWEST_VEHICLE_WELLS
    }


def _own_plates(
    rows: pd.DataFrame, use: dict[tuple[str, str], np.ndarray]
) -> tuple[np.ndarray, np.ndarray, str]:
    """Return treated and control wells of the plates that have any of the first usable kind."""
    for kind in _kinds(str(rows["type"].iloc[0])):
        plates = [plate for plate in rows["plate"].unique() if (plate, kind) in use]
        if plates:
            treated = rows.loc[rows["plate"].isin(plates), "at"].to_numpy()
            return treated, np.concatenate([use[plate, kind] for plate in plates]), kind
    return np.empty(0, int), np.empty(0, int), ""


def contrast(
    treatment: Treatment, plates: np.ndarray, read: Read
) -> tuple[np.ndarray, np.ndarray, int]:
    """Return what `lacuna.translation.differential.compare` needs of a treatment.

    Parameters
    ----------
    treatment
        One of `find_treatments`.
    plates : array of shape (all wells,)
        The plate of each well.
    read
        Gives the profiles at increasing positions of wells, samples x genes.

    Returns
    -------
    treated, control : float64 arrays of shape (wells, genes)
        By the way "vehicle", less the mean of the control wells of the same plate.
    control_means
        How many means the control wells were centred on: of plates, or 1.
    """
    treated = np.asarray(read(treatment.treated), dtype=np.float64)
    control = np.asarray(read(treatment.control), dtype=np.float64)
    if treatment.way == "others":
        return treated, control, 1
    of_treated, of_control = plates[treatment.treated], plates[treatment.control]
    names = np.unique(of_control)
    for plate in names:
        mean = control[of_control == plate].mean(axis=0)
        treated[of_treated == plate] -= mean
        control[of_control == plate] -= mean
    return treated, control, len(names)


def score_treatments(
    treatments: Collection[Treatment], wells: pd.DataFrame, read: Read, gamma: float
) -> Iterator[tuple[dict[str, object], Scores]]:
    """Score every gene for each treatment, one at a time.

    Parameters
    ----------
    treatments
        As `find_treatments` returns them.
    wells
        The same that it was given.
    read
        Gives the profiles at increasing positions of wells, for example `array.__getitem__`.
    gamma
        Weight of the covariance in the Characteristic Direction, in (0, 1].

    Yields
    ------
    facts : dict
        Of the treatment.
    scores : Scores
        Without limma's where a treatment has fewer than two wells.
    """
    plates = wells["plate"].astype(str).to_numpy()
    for treatment in treatments:
        treated, control, control_means = contrast(treatment, plates, read)
        yield treatment.facts, compare(treated, control, gamma, control_means)
