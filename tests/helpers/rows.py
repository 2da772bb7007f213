"""Signatures written down row by row, and what a grid holds, by name."""

import numpy as np
import pandas as pd

from lacuna.signatures.signature_set import SignatureSet
from lacuna.tensor.profiles import ProfileSet
from lacuna.vectors import unit_rows

# Settings of `build_tensor` that filter nothing.
OPEN = {
    "max_p_value": 1.0,
    "unreplicated": "keep",
    "min_cells_per_drug": 1,
    "min_drugs_per_cell": 1,
    "merge": "best_id",
}


def signatures(rows: list[dict], genes: int = 6, seed: int = 0) -> SignatureSet:
    """A signature per row: (drug, cell), and what else is to be known of it."""
    table = pd.DataFrame(rows)
    defaults = {
        "pert_type": "trt_cp",
        "dose": 10.0,
        "time": 6.0,
        "batch": "A",
        "replicates": 2,
        "acd": 0.5,
        "p_value": 0,
    }
    defaults["no_p_value"] = ""
    table["name"] = table["name"].where(table["name"].notna()) if "name" in table else np.nan
    for column, value in defaults.items():
        table[column] = table.get(column, value)
    profiles = np.random.default_rng(seed).normal(size=(len(table), genes)).astype(np.float32)
    names = np.array([f"g{gene}" for gene in range(genes)])
    return SignatureSet(table, unit_rows(profiles), names)


def of_pairs(*pairs: str) -> SignatureSet:
    """A signature per pair, written as "drug cell"."""
    return signatures([dict(zip(("drug", "cell"), pair.split(), strict=True)) for pair in pairs])


def named(*rows: tuple) -> SignatureSet:
    return signatures([dict(zip(("drug", "name", "cell"), row, strict=True)) for row in rows])


def random_signatures(seed: int, count: int = 300) -> SignatureSet:
    """Signatures of 20 drugs, some of one name and some of none, in few or many cells."""
    rng = np.random.default_rng(seed)
    drugs = [f"BRD-{number}" for number in range(20)]
    names = ["Aspirin", "aspirin", "ASPIRIN", "taxol", "taxol", np.nan, np.nan, "brd-7"]
    names += [f"name {number}" for number in range(8, 20)]
    rows = []
    for _ in range(count):
        drug, cell = rng.integers(20), min(rng.geometric(0.25), 9)
        p_value = rng.choice([rng.uniform(0, 0.2), np.nan], p=[0.8, 0.2])
        row = {"drug": drugs[drug], "name": names[drug], "cell": f"C{cell}", "p_value": p_value}
        rows.append(row | {"dose": rng.choice([1.0, 10.0]), "replicates": rng.integers(1, 5)})
    return signatures(rows, seed=seed)


def pairs_of(tensor: ProfileSet) -> set[tuple[str, str]]:
    return {(tensor.drugs[drug], tensor.cells[cell]) for drug, cell in tensor.pairs}


def profiles_of(tensor: ProfileSet) -> dict[tuple[str, str], tuple]:
    """The profile and what is known of it, for every (drug, cell)."""
    return {
        (tensor.drugs[drug], tensor.cells[cell]): (*profile, *known)
        for (drug, cell), profile, known in zip(
            tensor.pairs, tensor.profiles, tensor.reliability.fillna(-1).to_numpy(), strict=True
        )
    }
