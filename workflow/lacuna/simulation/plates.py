"""Plates of the L1000 side: compounds, knock-downs and pairs, in the layout of GSE92742."""

import numpy as np
import pandas as pd

from lacuna.simulation.parameters import PLATE_COLUMNS, PLATE_ROWS
from lacuna.simulation.screen import make_second_id
from lacuna.simulation.transcriptome import STEROIDS, Transcription

WELLS = PLATE_ROWS * PLATE_COLUMNS
VEHICLE_WELLS = 12
REPLICATES = 2  # plates
KNOCK_DOWN_CELLS = 4  # cell lines in which genes are knocked down
PERT = ("pert_id", "pert_iname", "pert_type")
VEHICLE = ("DMSO", "DMSO", "ctl_vehicle")
UNTREATED = ("CMAP-000", "UnTrt", "ctl_untrt")  # as LINCS calls wells without any treatment


def list_treatments(truth: Transcription) -> pd.DataFrame:
    """Return the treatments in the order of `Transcription.changes`.

    Returns
    -------
    DataFrame
        pert_id, name, kind (pert_type), receptor (whether it is a glucocorticoid), target (number
        of the gene that is knocked down, else -1), second_id (the other pert_id of a compound that
        goes by two, else empty). Knock-downs are called as their target.
    """
    drugs = truth.biology.drugs[["pert_id", "name"]].assign(kind="trt_cp")
    number = np.arange(1, STEROIDS + 1)
    steroids = pd.DataFrame(
        {
            "pert_id": [f"SIM-G{steroid:08d}" for steroid in number],
            "name": [f"simulated-glucocorticoid-{steroid}" for steroid in number],
            "kind": "trt_cp",
            "receptor": True,
            # LINCS has dexamethasone under several ids, too.
            "second_id": [make_second_id(900_000), *[""] * (STEROIDS - 1)],
        }
    )
    target = truth.knock_downs["target"].to_numpy()
    knock_downs = pd.DataFrame(
        {
            "pert_id": [f"SIM-T{gene + 1:08d}" for gene in target],
            "name": [f"SIMG{gene + 1:04d}" for gene in target],
            "kind": np.where(np.arange(len(target)) % 2, "trt_xpr", "trt_sh"),
            "target": target,
        }
    )
    table = pd.concat([drugs, steroids, knock_downs], ignore_index=True)
    table["receptor"] = table["receptor"].eq(True)
    return table.fillna({"second_id": ""}).assign(target=table["target"].fillna(-1).astype(int))


def lay_out_wells(
    truth: Transcription, treatments: pd.DataFrame, atlas: int, rng: np.random.Generator
) -> tuple[pd.DataFrame, np.ndarray, np.ndarray]:
    """Fill plates of compounds in every cell line and of knock-downs in some, and an atlas.

    The atlas has an untreated well of each of many other lines.

    Returns
    -------
    DataFrame
        inst_info, a row per well.
    int array of shape (wells,)
        The treatment in each well, -1 for none.
    int array of shape (wells,)
        The cell line in each well; those of the atlas follow those of the screen.
    """
    compound = treatments["kind"].eq("trt_cp").to_numpy()
    cells = truth.biology.cells["cell_id"].tolist()
    tables, contents, lines = [], [], []
    for screen, which, hours, screened in (
        ("SIMT", compound, 24, cells),
        ("SIMK", ~compound, 96, cells[:KNOCK_DOWN_CELLS]),
    ):
        numbers = np.flatnonzero(which)
        sets = -(-len(numbers) // (WELLS - VEHICLE_WELLS))
        for part, members in enumerate(np.array_split(numbers, sets)):
            content = np.concatenate([np.full(VEHICLE_WELLS, -1), members])
            position = rng.permutation(WELLS)[: len(content)]
            order = np.argsort(position)  # replicate plates share the layout
            for line, cell in enumerate(screened):
                for replicate in range(1, REPLICATES + 1):
                    plate = f"{screen}{part + 1:03d}_{cell}_{hours}H_X{replicate}"
                    described = describe_wells(treatments, content[order], line)
                    tables.append(plate_table(plate, position[order], cell, hours, described))
                    contents.append(content[order])
                    lines.append(np.full(len(content), line))
    if atlas:
        others = [f"SIMATLAS{line + 1}" for line in range(atlas)]
        tables.append(_untreated("SIMB", "ATLAS", others, rng))
        contents.append(np.full(atlas, -1))
        lines.append(len(cells) + np.arange(atlas))
    wells = pd.concat(tables, ignore_index=True)
    return wells, np.concatenate(contents), np.concatenate(lines)


def lay_out_pairs(samples: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Put the untreated samples that are measured on both platforms onto plates.

    Returns
    -------
    DataFrame
        inst_info in the order of the samples; the cell is the tissue or the cell line.
    """
    return _untreated("SIMP", "PAIRS", samples["kind"].tolist(), rng)


def describe_wells(treatments: pd.DataFrame, content: np.ndarray, line: int) -> pd.DataFrame:
    """Return pert_id, pert_iname, pert_type and dose of wells.

    Parameters
    ----------
    treatments : DataFrame
        As `list_treatments` returns it.
    content : int array of shape (wells,)
        The treatment in each well, -1 for vehicle.
    line
        The number of the cell line.
    """
    named = treatments.reindex(content).reset_index(drop=True)
    # In every other line a compound of two ids goes by its second, and is written in capitals.
    second = named["second_id"].fillna("").ne("") & (line % 2 == 1)
    pert_id = named["pert_id"].where(~second, named["second_id"])
    name = named["name"].where(~second, named["name"].str.upper())
    columns = (pert_id, name, named["kind"])
    treated = content >= 0
    table = pd.DataFrame(
        {
            column: values.where(treated, vehicle)
            for column, values, vehicle in zip(PERT, columns, VEHICLE, strict=True)
        }
    )
    return table.assign(dose=np.where(table["pert_type"] == "trt_cp", 10.0, -666.0))


def _untreated(prefix: str, what: str, cells: list[str], rng: np.random.Generator) -> pd.DataFrame:
    """Return inst_info of an untreated well of each line or tissue, on as many plates as needed."""
    tables = []
    for number, first in enumerate(range(0, len(cells), WELLS), start=1):
        on_plate = cells[first : first + WELLS]
        position = rng.permutation(WELLS)[: len(on_plate)]
        described = pd.DataFrame([UNTREATED] * len(on_plate), columns=list(PERT))
        plate = f"{prefix}{number:03d}_{what}_24H_X1"
        tables.append(plate_table(plate, position, on_plate, 24, described.assign(dose=-666.0)))
    return pd.concat(tables, ignore_index=True)


def plate_table(
    plate: str,
    position: np.ndarray,
    cell: str | list[str],
    hours: int,
    described: pd.DataFrame,
) -> pd.DataFrame:
    """Return inst_info of a plate, a row per well."""
    rows, columns = np.divmod(position, PLATE_COLUMNS)
    well = [f"{chr(65 + r)}{c + 1:02d}" for r, c in zip(rows, columns, strict=True)]
    return pd.DataFrame(
        {
            "inst_id": [f"{plate}:{name}" for name in well],
            "rna_plate": plate,
            "rna_well": well,
            **{column: described[column] for column in PERT},
            "pert_dose": described["dose"],
            "pert_dose_unit": np.where(described["dose"] > 0, "um", "-666"),
            "pert_time": hours,
            "pert_time_unit": "h",
            "cell_id": cell,
        }
    )
