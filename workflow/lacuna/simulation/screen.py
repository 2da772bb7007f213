"""The screen: plates, wells and what is measured in them, whatever the generator.

Plates of 384 wells in 2 to 4 replicates, two doses, two times, plate and well-position effects,
correlated noise, failed wells, and a drug x cell grid in which few cells have most of the drugs.
"""

import numpy as np
import pandas as pd

from lacuna.simulation.biology import Biology
from lacuna.simulation.parameters import (
    DOSES,
    DRUGS_PER_PLATE,
    DRUGS_UNDER_TWO_IDS,
    FAILED_SHARE,
    GENES,
    HIGHEST,
    LOWEST,
    PLATE_COLUMNS,
    PLATE_ROWS,
    VEHICLE_WELLS,
)
from lacuna.vectors import unit_rows


def lay_out_screen(biology: Biology, rng: np.random.Generator) -> tuple[pd.DataFrame, np.ndarray]:
    """Fill plates and measure them.

    Returns
    -------
    DataFrame
        inst_info, a row per well.
    float32 array of shape (wells, genes)
        Level 3 expression, log2.
    """
    noise_factors = unit_rows(rng.normal(size=(6, GENES))) * np.sqrt(GENES)
    tables, measured = [], []
    for number, drugs in enumerate(_compound_sets(len(biology.drugs))):
        screened_in = max(3, round(len(biology.cells) * (1 - 0.4 * number)))
        layout = rng.permutation(PLATE_ROWS * PLATE_COLUMNS)
        for cell in range(min(screened_in, len(biology.cells))):
            dispensed = drugs[rng.random(len(drugs)) < biology.cells["coverage"][cell]]
            # The shorter time only in the cells that are screened most.
            times = [24, 6] if cell < 0.4 * len(biology.cells) else [24]
            for time in times:
                batch = f"SIM{number + 1:03d}_{biology.cells['cell_id'][cell]}_{time}H"
                for replicate in range(rng.integers(2, 5)):
                    plate = f"{batch}_X{replicate + 1}"
                    table = _plate_map(biology, drugs, dispensed, layout, plate, cell, time)
                    tables.append(table)
                    measured.append(measure_plate(biology, table, cell, noise_factors, rng))
    wells = pd.concat(tables, ignore_index=True)
    drug = wells.pop("drug_index")
    _give_second_ids(wells, drug)
    return wells, np.concatenate(measured)


def _compound_sets(drugs: int) -> list[np.ndarray]:
    return np.array_split(np.arange(drugs), -(-drugs // DRUGS_PER_PLATE))


def _plate_map(
    biology: Biology,
    drugs: np.ndarray,
    dispensed: np.ndarray,
    layout: np.ndarray,
    plate: str,
    cell: int,
    time: int,
) -> pd.DataFrame:
    """Return inst_info of one plate; replicate plates share the layout."""
    treatments = [(drug, dose) for dose in DOSES for drug in drugs]
    position_of = dict(zip(treatments, layout[VEHICLE_WELLS:], strict=False))
    contents = [(position, -1, np.nan) for position in layout[:VEHICLE_WELLS]]
    contents += [(position_of[drug, dose], drug, dose) for drug in dispensed for dose in DOSES]
    table = pd.DataFrame(sorted(contents), columns=["position", "drug_index", "pert_dose"])
    treated = table["drug_index"] >= 0
    rows, columns = np.divmod(table.pop("position"), PLATE_COLUMNS)
    names = biology.drugs.reindex(table["drug_index"]).reset_index(drop=True)
    table["rna_plate"] = plate
    table["rna_well"] = [f"{chr(65 + r)}{c + 1:02d}" for r, c in zip(rows, columns, strict=True)]
    table["inst_id"] = plate + ":" + table["rna_well"]
    table["pert_id"] = names["pert_id"].where(treated, "DMSO")
    table["pert_iname"] = names["name"].where(treated, "DMSO")
    table["pert_type"] = np.where(treated, "trt_cp", "ctl_vehicle")
    table["pert_dose"] = table["pert_dose"].fillna(-666)
    table["pert_dose_unit"] = np.where(treated, "um", "-666")
    table["pert_time"], table["pert_time_unit"] = time, "h"
    table["cell_id"] = biology.cells["cell_id"][cell]
    return table


def measure_plate(
    biology: Biology,
    plate: pd.DataFrame,
    cell: int,
    noise_factors: np.ndarray,
    rng: np.random.Generator,
) -> np.ndarray:
    """Return the expression in the wells of one plate, float32 of shape (wells, genes).

    Parameters
    ----------
    biology
        What the drugs do.
    plate : DataFrame
        drug_index (-1 for vehicle), pert_dose, pert_time, rna_well: a row per well.
    cell
        The number of the cell line.
    noise_factors : array of shape (factors, genes)
        Along which plates and wells vary together.
    rng
        The random stream of the screen.
    """
    wells = len(plate)
    change = np.zeros((wells, GENES))
    for well, (drug, dose, time) in enumerate(
        zip(plate["drug_index"], plate["pert_dose"], plate["pert_time"], strict=True)
    ):
        if drug >= 0:
            change[well] = biology.change(drug, cell, dose, time)
    plate_effect = (
        rng.normal(0, 0.3, GENES) + rng.normal(0, 0.4, len(noise_factors)) @ noise_factors
    )
    edge = plate["rna_well"].str[0].isin(["A", "P"]).to_numpy()[:, None] * noise_factors[0]
    quality = rng.normal(0, 0.12, (wells, len(noise_factors))) @ noise_factors
    expression = biology.baseline[cell] + change + plate_effect + 0.1 * edge + quality
    expression += 0.2 * rng.standard_t(5, (wells, GENES))
    failed = rng.random(wells) < FAILED_SHARE
    expression[failed] = rng.permuted(expression[failed], axis=1)
    return np.clip(expression, LOWEST, HIGHEST).astype(np.float32)


def _give_second_ids(wells: pd.DataFrame, drug: pd.Series) -> None:
    """Let the first drugs go by another id in half of the cells, as happens in LINCS."""
    for number in range(DRUGS_UNDER_TWO_IDS):
        cells = wells["cell_id"].unique()[::2]
        renamed = (drug == number) & wells["cell_id"].isin(cells)
        wells.loc[renamed, "pert_id"] = make_second_id(number)


def make_second_id(drug: int) -> str:
    """Return the other id of a drug that goes by two."""
    return f"SIM-A{drug + 1:08d}"
