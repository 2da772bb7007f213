"""Small inputs in the layout of GEO: wells, their expression, and the files that hold them."""

import gzip
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from lacuna.errors import LacunaError
from lacuna.io.gctx import Gctx, write_gctx
from lacuna.io.match import Matched, match
from lacuna.signatures.series import make_signatures
from lacuna.signatures.signature_set import SignatureSet

# Names that break what is not written with care.
ODD_NAMES = ["a/b", "two words", '5\'-"x"', '"quoted"', "β-estradiol", "naïve", "药/ 'µ'"]

INST_INFO = {
    "inst_id": "CPC006_A375_6H_X1:A03",
    "rna_plate": "CPC006_A375_6H_X1",
    "rna_well": "A03",
    "pert_id": "BRD-1",
    "pert_iname": "aspirin",
    "pert_type": "trt_cp",
    "pert_dose": "10",
    "pert_dose_unit": "um",
    "pert_time": "6",
    "pert_time_unit": "h",
    "cell_id": "A375",
}


def inst_info(*changes: dict[str, str]) -> pd.DataFrame:
    """Rows of inst_info (phase 1), each like INST_INFO but for its changes; ids are numbered."""
    rows = [
        INST_INFO | {"inst_id": f"CPC006_A375_6H_X1:{number}"} | change
        for number, change in enumerate(changes)
    ]
    return pd.DataFrame(rows)


def write_text(table: pd.DataFrame, path: Path, encoding: str = "utf-8") -> Path:
    """Write a tab-separated table as GEO does, without any quoting."""
    rows = [list(table.columns), *table.astype(str).to_numpy().tolist()]
    path.write_bytes("".join("\t".join(row) + "\n" for row in rows).encode(encoding))
    return path


def plate(
    name: str,
    drugs: list[str],
    *,
    vehicles: int = 4,
    cell: str = "A375",
    dose: float = 10.0,
    time: float = 6.0,
    places: np.ndarray | None = None,
) -> pd.DataFrame:
    """The wells of one plate as `read_wells` returns them: vehicle wells, then a well per drug.

    They stand at the places given (0 is A01, 24 is B01), by default scattered, alike on all plates.
    """
    names = ["DMSO"] * vehicles + list(drugs)
    is_vehicle = np.arange(len(names)) < vehicles
    if places is None:
        places = np.random.default_rng(0).permutation(max(384, len(names)))[: len(names)]
    return pd.DataFrame(
        {
            "well": [f"{name}:{number}" for number in range(len(names))],
            "plate": name,
            "drug": names,
            "name": [f"name of {drug}" for drug in names],
            "kind": np.where(is_vehicle, "ctl_vehicle", "trt_cp"),
            "dose": np.where(is_vehicle, np.nan, dose),
            "unknown_dose": np.nan,
            "time": time,
            "unknown_time": np.nan,
            "cell": cell,
            "batch": name.rsplit("_X", 1)[0],
            "row": places // 24 + 1,
            "column": places % 24 + 1,
        }
    )


def join(*plates: pd.DataFrame) -> pd.DataFrame:
    return pd.concat(plates, ignore_index=True)


def noise(wells: pd.DataFrame, genes: int = 20, seed: int = 0) -> np.ndarray:
    """Level 3 expression without any effect: one line per well."""
    return np.random.default_rng(seed).normal(8, 1, (len(wells), genes)).astype(np.float32)


def write_matrix(path: Path, wells: pd.DataFrame, expression: np.ndarray) -> list[str]:
    """Write a Level 3 matrix and return its gene ids."""
    genes = [str(1000 + gene) for gene in range(expression.shape[1])]
    write_gctx(path, expression, pd.DataFrame(index=genes), pd.DataFrame(index=wells["well"]))
    return genes


def signatures_of(
    folder: Path, wells: pd.DataFrame, expression: np.ndarray | None = None, **settings
) -> SignatureSet:
    """Write the matrix (noise if none is given) and make its signatures."""
    expression = noise(wells) if expression is None else expression
    genes = write_matrix(folder / "level3.gctx", wells, expression)
    settings = {"gamma": 0.5, "reference": "vehicle", "null_draws": 200, "seed": 1} | settings
    with Gctx(folder / "level3.gctx") as matrix:
        return all_signatures(matrix, wells, genes, **settings)


def all_signatures(*inputs, **settings) -> SignatureSet:
    """The signatures of all batches, in memory."""
    batches = (made.signatures for made in make_signatures(*inputs, **settings))
    made = SignatureSet.concatenate(batch for batch in batches if batch is not None)
    return replace(made, profiles=made.profiles[:])


def plain_direction(treated: np.ndarray, vehicle: np.ndarray, gamma: float) -> np.ndarray:
    """The Characteristic Direction of one well, as its definition says."""
    vehicle = np.asarray(vehicle, dtype=np.float64)
    covariance = np.cov(vehicle, rowvar=False)
    isotropic = np.diag(covariance).mean() * np.eye(len(covariance))
    shrunk = gamma * covariance + (1 - gamma) * isotropic
    direction = np.linalg.solve(shrunk, treated - vehicle.mean(axis=0))
    return direction / np.linalg.norm(direction)


def packed_wells(folder):
    plain = write_text(inst_info(*[{}] * 500), folder / "a.txt")
    return gzip.compress(plain.read_bytes())


def overwritten(content):
    """Every way to damage a packed file by overwriting sixteen bytes somewhere."""
    for at in range(10, len(content) - 16, max(1, len(content) // 20)):
        yield content[:at] + b"\xff" * 16 + content[at + 16 :]


def refused(read, path, *said):
    with pytest.raises(LacunaError) as error:
        read(path)
    for words in (str(path), *said):
        assert words in str(error.value)


def all_match(matrix: Gctx, wells: pd.DataFrame, genes: pd.DataFrame) -> Matched:
    """Match a matrix with its tables, in which nothing lacks a partner."""
    found = match(matrix, wells, genes, {"inst_info": "inst_info", "gene_info": "gene_info"})
    assert not [*found.columns.lines(), *found.rows.lines()]
    return found
