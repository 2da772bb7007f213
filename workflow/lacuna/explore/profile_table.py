"""What answers say of profiles: who they are of, and how far they can be trusted."""

import numpy as np
import pandas as pd

from lacuna.explore.index import Index
from lacuna.explore.scales import comparable, error_of

TRUST = ["source", "expected_r", "tier"]


def about_profiles(index: Index, rows: np.ndarray) -> pd.DataFrame:
    """Return drug (id), name, cell, source, expected_r and tier of some profiles.

    Parameters
    ----------
    index
        The product's.
    rows : int array of shape (n,)
        Positions of profiles.
    """
    profiles = index.profiles.iloc[rows]
    drugs = index.drugs.iloc[profiles["drug"].to_numpy()]
    cells = index.cells.iloc[profiles["cell"].to_numpy()]
    return pd.DataFrame(
        {
            "drug": drugs["drug"].to_numpy(),
            "name": drugs["name"].to_numpy(),
            "cell": cells["cell"].to_numpy(),
            **{name: profiles[name].to_numpy() for name in TRUST},
        }
    )


def drug_facts(index: Index, drug: int) -> dict[str, object]:
    """Return what is known of a drug: names, structure, class, mechanism, targets, accuracy."""
    row = index.drugs.iloc[drug]
    known = ["drug", "name", "ids", "inchi_key", "smiles", "atc", "moa", "targets"]
    facts = {name: _text(row[name]) for name in known}
    if facts["ids"] == facts["drug"]:
        del facts["ids"]
    if facts["name"] == facts["drug"]:
        del facts["name"]
    return {name: fact for name, fact in facts.items() if fact is not None}


def label_of(index: Index, drug: int) -> str:
    """Return the name of a drug, with its id behind it where they differ."""
    row = index.drugs.iloc[drug]
    name, own = _text(row["name"]), str(row["drug"])
    return own if name is None or name == own else f"{name} ({own})"


def gene_labels(index: Index) -> np.ndarray:
    """Return the symbol of each gene, its id where it has none."""
    symbols = index.genes["symbol"]
    return symbols.where(symbols.notna() & symbols.ne(""), index.genes["gene"]).to_numpy(object)


def on_scale(index: Index, row: int, scale: str) -> tuple[np.ndarray, np.ndarray]:
    """Return the entries of a profile on a scale, and their errors.

    Returns
    -------
    values, errors : arrays of shape (genes,)
        NaN where the scale needs an expected r that is not known, as every error does.
    """
    genes = len(index.genes)
    expected = np.asarray(index.profiles["expected_r"].iloc[row], float)
    values = comparable(index.unit_profile(row).astype(float), expected, scale, genes)
    return values, np.full(genes, error_of(expected, genes, scale))


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def number(value: float) -> float | None:
    """Return a number, None where it is not known."""
    return None if np.isnan(value) else float(value)
