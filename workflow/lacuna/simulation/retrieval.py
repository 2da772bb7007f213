"""A screen of drugs whose structures say what they do: the world of the stage `retrieval`.

All lines get all drugs, but for a few, at one dose and time; some wells have another dose or time.
What a drug does depends on its structure (`lacuna.simulation.molecules`), in part on the line, and
in part on nothing that the structure says: its potency and an effect of its own. Every well of a
plate, with vehicle or a drug, shares the plate's effects.

In the null world the same wells have been measured, but the drugs have exchanged their structures
at random.
"""

from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import pandas as pd

from lacuna.errors import LacunaError
from lacuna.runtime import seeds
from lacuna.simulation.biology import Biology, draw_drugs, plant_drugs
from lacuna.simulation.fragments import UNREADABLE
from lacuna.simulation.molecules import (
    MECHANISMS_PER_FRAGMENT,
    Molecules,
    draw_molecules,
    write_as_salt,
)
from lacuna.simulation.parameters import GENES, PLATE_COLUMNS, PLATE_ROWS, VEHICLE_WELLS
from lacuna.simulation.plates import describe_wells, plate_table
from lacuna.simulation.screen import make_second_id, measure_plate
from lacuna.vectors import unit_rows

DOSE, TIME = 10.0, 6  # micromolar and hours, of most wells
LOW_DOSE, LOW_DOSE_SHARE = 0.37, 0.15  # micromolar; of the drugs, which are measured at it, too
LATE, LATE_SHARE = 24, 0.34  # hours; of the lines, where one more plate is read then
REPLICATES = 2  # plates of the same drugs in a line
ABSENT_SHARE = 0.03  # of the drugs, which one line lacks
SALT_SHARE = 0.04  # of the drugs, whose structure is written as that of a salt
STRUCTURE = ["smiles", "inchi_key", "first_fragment", "second_fragment", "cliff_of", "twin_of"]


@dataclass(frozen=True)
class RetrievalWorld:
    """What is known and what is measured.

    Attributes
    ----------
    biology : Biology
        The drugs, the lines, and what the drugs do in them.
    drugs : DataFrame, a row per drug
        pert_id, second_id (of the drug that goes by two, else empty), name, then what it does:
        kind (active, cliff or silent), mechanism, active, potency, cell_specific; then its
        structure: smiles and inchi_key of the parent, first_fragment, second_fragment, cliff_of and
        twin_of (number of the drug of which the structure is the near twin or the mirror image,
        else -1), structure_of (number of the drug that acts as this structure says: itself but in
        the null world), written (the SMILES in the table of the drugs), form (parent, salt or
        unreadable), absent_from (number of the line that lacks the drug, else -1).
    mechanisms : DataFrame
        See `Molecules`.
    wells : DataFrame
        inst_info.
    level3 : float32 array of shape (wells, genes)
        Log2 expression.
    null : bool
    """

    biology: Biology
    drugs: pd.DataFrame
    mechanisms: pd.DataFrame
    wells: pd.DataFrame
    level3: np.ndarray
    null: bool

    def log2_change(self) -> np.ndarray:
        """Return what the drugs do at the dose and time of most wells, without noise.

        Returns
        -------
        float32 array of shape (drugs, cells, genes)
        """
        shape = (*self.biology.response.shape[:2], GENES)
        change = np.empty(shape, dtype=np.float32)
        for drug, cell in np.ndindex(shape[:2]):
            change[drug, cell] = self.biology.change(drug, cell, DOSE, TIME)
        return change


def simulate_retrieval(
    *,
    seed: int,
    drugs: int = 400,
    cells: int = 6,
    mechanisms: int = 12,
    mechanisms_per_fragment: int = MECHANISMS_PER_FRAGMENT,
    null: bool = False,
) -> RetrievalWorld:
    """Draw structures, let the drugs act as these say, and measure that on plates.

    Parameters
    ----------
    seed
        The run's seed.
    drugs, cells, mechanisms
        How many of each.
    mechanisms_per_fragment
        See `draw_molecules`.
    null
        Whether the drugs exchange their structures. All else is as in the world of the same seed.

    Raises
    ------
    LacunaError
        If these are fewer drugs or cells, or more mechanisms, than can be simulated.
    """
    if cells < 2:
        raise LacunaError(
            f"the simulation of retrieval: {cells} cells; expected at least 2, since lines are "
            "held out."
        )
    stream = partial(seeds.generator, seed)
    molecules = draw_molecules(
        drugs,
        mechanisms,
        stream("retrieval", "structures"),
        mechanisms_per_fragment=mechanisms_per_fragment,
    )
    biology = _plant(molecules, cells, mechanisms, stream("retrieval", "biology"))
    table = _drug_table(biology, molecules)
    if null:
        table = exchange_structures(table, stream("retrieval", "null"))
    table = _write_structures(table, cells, stream("retrieval", "oddities"))
    wells, level3 = _lay_out(biology, table, stream("retrieval", "screen"))
    return RetrievalWorld(biology, table, molecules.mechanisms, wells, level3, null)


def _plant(molecules: Molecules, cells: int, mechanisms: int, rng: np.random.Generator) -> Biology:
    """Let drugs act by the mechanism of their fragments; cliffs and silent drugs do nothing."""
    table = molecules.table
    drugs = draw_drugs(len(table), mechanisms, rng)
    # A silent drug has no mechanism, but needs a number; it is not active, so none is used.
    drugs["mechanism"] = table["mechanism"].clip(lower=0)
    drugs["active"] = table["kind"].eq("active")
    biology = plant_drugs(drugs, "clustered", cells, mechanisms, rng)
    return replace(biology, cells=biology.cells.assign(coverage=1.0))


def _drug_table(biology: Biology, molecules: Molecules) -> pd.DataFrame:
    acts = biology.drugs[["pert_id", "name", "active", "potency", "cell_specific"]]
    drawn = molecules.table
    return pd.concat([acts, drawn], axis=1).assign(structure_of=np.arange(len(drawn)))


def exchange_structures(table: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Give every drug the structure of a drug drawn at random, each structure once."""
    giver = rng.permutation(len(table))
    holder = np.append(np.argsort(giver), -1)  # -1 stays -1
    structure = table[STRUCTURE].iloc[giver].reset_index(drop=True)
    for column in ("cliff_of", "twin_of"):
        structure[column] = holder[structure[column]]
    return table.assign(**{str(name): values for name, values in structure.items()}).assign(
        structure_of=giver
    )


def _write_structures(table: pd.DataFrame, cells: int, rng: np.random.Generator) -> pd.DataFrame:
    """Choose the drugs that go by two ids, are salts, cannot be read, or lack in a line.

    No drug is two of these, so that each can be told alone. The second id of a drug is that of its
    salt.
    """
    salts = max(2, round(SALT_SHARE * len(table)))
    absent = max(2, round(ABSENT_SHARE * len(table)))
    # The drug of two ids acts, so that its wells can be seen to belong together.
    twice = int(rng.choice(np.flatnonzero(table["active"])))
    others = rng.permutation(np.setdiff1d(np.arange(len(table)), twice))
    as_salt, unreadable, away = np.split(
        others, [salts, salts + len(UNREADABLE), salts + len(UNREADABLE) + absent]
    )[:3]
    written = table["smiles"].to_numpy(dtype=object).copy()
    form = np.full(len(table), "parent", dtype=object)
    for number, drug in enumerate(as_salt):
        written[drug], form[drug] = write_as_salt(written[drug], number), "salt"
    for drug, text in zip(unreadable, UNREADABLE, strict=True):
        written[drug], form[drug] = text, "unreadable"
    absent_from = np.full(len(table), -1)
    absent_from[away] = rng.integers(cells, size=len(away))
    second_id = np.full(len(table), "", dtype=object)
    second_id[twice] = make_second_id(twice)
    return table.assign(written=written, form=form, absent_from=absent_from, second_id=second_id)


def _lay_out(
    biology: Biology, table: pd.DataFrame, rng: np.random.Generator
) -> tuple[pd.DataFrame, np.ndarray]:
    """Fill the plates of every line and measure them: inst_info, and the expression."""
    noise_factors = unit_rows(rng.normal(size=(6, GENES))) * np.sqrt(GENES)
    treatments = table[["pert_id", "name", "second_id"]].assign(kind="trt_cp")
    wells_of_drugs = PLATE_ROWS * PLATE_COLUMNS - VEHICLE_WELLS
    # One drug more than the share at the low dose, because each set rounds up.
    sets = -(-len(table) // int(wells_of_drugs / (1 + LOW_DOSE_SHARE) - 1))
    late_lines = max(1, round(LATE_SHARE * len(biology.cells)))
    absent_from = table["absent_from"].to_numpy()
    tables, measured = [], []
    for number, members in enumerate(np.array_split(rng.permutation(len(table)), sets), start=1):
        low = rng.permutation(members)[: -(-int(100 * LOW_DOSE_SHARE) * len(members) // 100)]
        content = np.concatenate([np.full(VEHICLE_WELLS, -1), members, low])
        low_dose = np.arange(len(content)) >= VEHICLE_WELLS + len(members)
        position = rng.permutation(PLATE_ROWS * PLATE_COLUMNS)[: len(content)]
        order = np.argsort(position)  # plates of the same drugs share the layout
        for line, cell in enumerate(biology.cells["cell_id"]):
            present = order[(content[order] < 0) | (absent_from[content[order]] != line)]
            described = describe_wells(treatments, content[present], line)
            described.loc[low_dose[present], "dose"] = LOW_DOSE
            plates = [(TIME, replicate) for replicate in range(1, REPLICATES + 1)]
            plates += [(LATE, 1)] if line < late_lines else []
            for hours, replicate in plates:
                name = f"SIMR{number:03d}_{cell}_{hours}H_X{replicate}"
                plate = plate_table(name, position[present], cell, hours, described)
                tables.append(plate)
                plate = plate.assign(drug_index=content[present])
                measured.append(measure_plate(biology, plate, line, noise_factors, rng))
    return pd.concat(tables, ignore_index=True), np.concatenate(measured)
