"""A small series of plates of somebody's own, without a mistake, and ways to make one."""

from pathlib import Path

import numpy as np
import pandas as pd
from wells import write_text

from lacuna.io.gctx import Gctx, write_gctx
from lacuna.project.config import prepare
from lacuna.project.config_schema import overlay

GENES, DRUGS, VEHICLES = 30, 12, 4
CELLS, REPLICATES = ("A375", "PC3"), 2
FILES = {
    "level3": "plates.gctx",
    "inst_info": "wells.txt",
    "pert_info": "drugs.txt",
    "gene_info": "genes.txt",
}
LEVEL5 = {"level5": "signatures.gctx", "sig_info": "signatures.txt"}


def wells_of(plate: str, cell: str, drugs: list[str]) -> pd.DataFrame:
    """Return inst_info of a plate: vehicle wells, then a well per drug."""
    names = ["DMSO"] * VEHICLES + drugs
    is_vehicle = np.arange(len(names)) < VEHICLES
    return pd.DataFrame(
        {
            "inst_id": [f"{plate}:{chr(65 + n // 12)}{n % 12 + 1:02d}" for n in range(len(names))],
            "rna_plate": plate,
            "pert_id": names,
            "pert_iname": [f"name of {name}" for name in names],
            "pert_type": np.where(is_vehicle, "ctl_vehicle", "trt_cp"),
            "pert_dose": np.where(is_vehicle, "-666", "10"),
            "pert_dose_unit": np.where(is_vehicle, "-666", "um"),
            "pert_time": "24",
            "pert_time_unit": "h",
            "cell_id": cell,
        }
    )


def inst_info(cells: tuple[str, ...] = CELLS) -> pd.DataFrame:
    """Return the table of wells: a drug of the first cell is missing in the others."""
    drugs = [f"BRD-{number:02d}" for number in range(DRUGS)]
    plates = [
        wells_of(f"MINE_{cell}_24H_X{replicate + 1}", cell, drugs[cell != cells[0] :])
        for cell in cells
        for replicate in range(REPLICATES)
    ]
    return pd.concat(plates, ignore_index=True)


def gene_info() -> pd.DataFrame:
    genes = range(100, 100 + GENES)
    symbols = [f"SYMBOL{gene}" for gene in genes]
    return pd.DataFrame(
        {"pr_gene_id": [str(gene) for gene in genes], "pr_gene_symbol": symbols, "pr_is_lm": "1"}
    )


def expression(columns: int, seed: int = 0) -> np.ndarray:
    """Return log2 expression: genes of their own level, wells that differ a little."""
    rng = np.random.default_rng(seed)
    level = np.linspace(4, 13, GENES)
    return (level + rng.normal(0, 0.5, (columns, GENES))).astype(np.float32)


def write_matrix(path: Path, values: np.ndarray, rows, columns) -> None:
    rows, columns = (pd.DataFrame(index=pd.Index(list(ids))) for ids in (rows, columns))
    write_gctx(path, values, rows, columns)


def write_plates(folder: Path, cells: tuple[str, ...] = CELLS) -> Path:
    """Write a Level 3 series."""
    folder.mkdir(exist_ok=True)
    wells, genes = inst_info(cells), gene_info()
    drugs = pd.DataFrame({"pert_id": wells["pert_id"].unique()})
    for kind, table in {"inst_info": wells, "pert_info": drugs, "gene_info": genes}.items():
        write_text(table, folder / FILES[kind])
    values = expression(len(wells))
    write_matrix(folder / FILES["level3"], values, genes["pr_gene_id"], wells["inst_id"])
    return folder


def write_signatures(folder: Path, drugs: int = DRUGS, cells: int = 6) -> Path:
    """Write a Level 5 series, a drug in all cells but one."""
    folder.mkdir(exist_ok=True)
    pairs = [(f"BRD-{d:02d}", f"CELL{c}") for d in range(drugs) for c in range(cells) if c != d % 5]
    info = pd.DataFrame(
        {
            "sig_id": [f"{cell}:{drug}" for drug, cell in pairs],
            "pert_id": [drug for drug, _ in pairs],
            "pert_type": "trt_cp",
            "pert_dose": "10",
            "pert_dose_unit": "um",
            "pert_time": "24",
            "pert_time_unit": "h",
            "cell_id": [cell for _, cell in pairs],
        }
    )
    write_text(info, folder / LEVEL5["sig_info"])
    values = np.random.default_rng(1).normal(size=(len(info), GENES)).astype(np.float32)
    write_matrix(folder / LEVEL5["level5"], values, gene_info()["pr_gene_id"], info["sig_id"])
    return folder


def configuration(folder: Path, files: dict[str, str] = FILES, **changes) -> dict:
    """Return a configuration that fits the small series, as a user would write it."""
    config = {
        "dataset": "mine",
        "acquire": {"source": "files", "mirror": str(folder), "series": {"mine": dict(files)}},
        "tensor": {
            **{"max_p_value": 1, "unreplicated": "keep"},
            **{"min_cells_per_drug": 1, "min_drugs_per_cell": 1},
            "small": {"drugs": 6, "cells": 2, "ranking_cells": 2},
        },
        "evaluation": {
            "splits": {"drugs": {"folds": 4}, "cells": {"folds": 2}, "plates": {"folds": 2}},
            "density": {"percents": [50, 60]},
        },
        "classification": {"completed": []},
    }
    return overlay(config, changes)


def prepared(folder: Path, files: dict[str, str] = FILES, **changes) -> dict:
    return prepare(configuration(folder, files, **changes))


def read(path: Path) -> pd.DataFrame:
    return pd.read_csv(path, sep="\t", dtype=str, keep_default_na=False)


def change_table(folder: Path, kind: str, **columns) -> None:
    """Change columns of a table: a value for all rows, or a function of the column."""
    path = folder / FILES[kind]
    table = read(path)
    for name, value in columns.items():
        table[name] = value(table[name]) if callable(value) else value
    write_text(table, path)


def change_matrix(
    folder: Path, change=None, rows=None, columns=None, path: str = FILES["level3"]
) -> None:
    """Change values, or ids, of the Level 3 matrix."""
    path = folder / path
    with Gctx(path) as matrix:
        names, wells = list(matrix.rows), list(matrix.columns)
        values = matrix.read(names, wells)
    values = values if change is None else change(values).astype(np.float32)
    names = names if rows is None else [rows(name) for name in names]
    wells = wells if columns is None else [columns(well) for well in wells]
    write_matrix(path, values, names, wells)
