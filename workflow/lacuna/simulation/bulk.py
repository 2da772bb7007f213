"""The bulk screen of the world of the stage `single_cell`: plates in the layout of GEO."""

import numpy as np
import pandas as pd

from lacuna.simulation.dose_response import DosedBiology
from lacuna.simulation.fragments import UNREADABLE
from lacuna.simulation.molecules import write_as_salt
from lacuna.simulation.parameters import GENES, PLATE_COLUMNS, PLATE_ROWS, VEHICLE_WELLS
from lacuna.simulation.plates import describe_wells, plate_table
from lacuna.simulation.screen import make_second_id, measure_plate
from lacuna.vectors import unit_rows

BULK_DOSES = (10.0, 1.11)  # micromolar, of every drug
TIME, EARLY = 24, 6  # hours; the first line has one plate more, which is read early
REPLICATES = 2  # plates of the same drugs in a line
SALT_SHARE = 0.04  # of the drugs


def write_structures(table: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Choose drugs of the bulk screen that go by two ids, are salts, or cannot be read.

    No drug is two of these. Those that cannot be read, and the one of two ids, are not in cells.

    Parameters
    ----------
    table : DataFrame
        smiles, in_bulk, in_cells.
    rng
        The random stream of the oddities.

    Returns
    -------
    DataFrame
        With written, form and second_id, see `SingleCellWorld`.
    """
    only = rng.permutation(np.flatnonzero(table["in_bulk"] & ~table["in_cells"]))
    unreadable, twice = only[: len(UNREADABLE)], only[len(UNREADABLE)]
    others = np.setdiff1d(np.flatnonzero(table["in_bulk"]), only[: len(UNREADABLE) + 1])
    as_salt = rng.permutation(others)[: max(2, round(SALT_SHARE * len(others)))]
    written = table["smiles"].to_numpy(dtype=object).copy()
    form = np.full(len(table), "parent", dtype=object)
    second_id = np.full(len(table), "", dtype=object)
    for number, drug in enumerate(as_salt):
        written[drug], form[drug] = write_as_salt(written[drug], number), "salt"
    for drug, text in zip(unreadable, UNREADABLE, strict=True):
        written[drug], form[drug] = text, "unreadable"
    second_id[twice] = make_second_id(int(twice))
    return table.assign(written=written, form=form, second_id=second_id)


def lay_out_bulk(
    biology: DosedBiology, drugs: pd.DataFrame, rng: np.random.Generator
) -> tuple[pd.DataFrame, np.ndarray]:
    """Fill the plates of every line with all drugs at all doses, and measure them.

    Parameters
    ----------
    biology : DosedBiology
        Of the landmarks.
    drugs : DataFrame
        pert_id, name, second_id: the first drugs of the biology.
    rng
        The random stream of the bulk screen.

    Returns
    -------
    DataFrame
        inst_info, a row per well.
    float32 array of shape (wells, landmarks)
        Log2 expression.
    """
    noise_factors = unit_rows(rng.normal(size=(6, GENES))) * np.sqrt(GENES)
    treatments = drugs[["pert_id", "name", "second_id"]].assign(kind="trt_cp")
    room = (PLATE_ROWS * PLATE_COLUMNS - VEHICLE_WELLS) // len(BULK_DOSES)
    sets = -(-len(drugs) // room)
    tables, measured = [], []
    for number, members in enumerate(np.array_split(rng.permutation(len(drugs)), sets), start=1):
        content = np.concatenate([np.full(VEHICLE_WELLS, -1), np.tile(members, len(BULK_DOSES))])
        dose = np.concatenate([np.full(VEHICLE_WELLS, -666.0), np.repeat(BULK_DOSES, len(members))])
        position = rng.permutation(PLATE_ROWS * PLATE_COLUMNS)[: len(content)]
        order = np.argsort(position)  # plates of the same drugs share the layout
        for line, cell in enumerate(biology.cells["cell_id"]):
            described = describe_wells(treatments, content[order], line).assign(dose=dose[order])
            plates = [(TIME, replicate) for replicate in range(1, REPLICATES + 1)]
            plates += [(EARLY, 1)] if line == 0 else []
            for hours, replicate in plates:
                name = f"SIMS{number:03d}_{cell}_{hours}H_X{replicate}"
                plate = plate_table(name, position[order], cell, hours, described)
                tables.append(plate)
                plate = plate.assign(drug_index=content[order])
                measured.append(measure_plate(biology, plate, line, noise_factors, rng))
    return pd.concat(tables, ignore_index=True), np.concatenate(measured)
