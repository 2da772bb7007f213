"""Which measured drugs new ones are like, and which of the new ones are measured themselves."""

import numpy as np
import pandas as pd

from lacuna.structures.identity import identify
from lacuna.structures.similar import similarity

NEAREST = 3  # measured drugs that are named
LOOKED_AT = 10  # of the most similar measured drugs: whether they are the same, salts left out
NONE = -1  # the position of a drug that is not measured


def compare_with_measured(new: pd.DataFrame, drugs: pd.DataFrame) -> pd.DataFrame:
    """Find the measured drugs that are the same as new ones, or most like them.

    Parameters
    ----------
    new
        smiles and inchi_key of the new drugs' parents, see `lacuna.predict.new_drugs`.
    drugs
        smiles and inchi_key of the tensor's drugs, in its order; empty where not known.

    Returns
    -------
    DataFrame, by the index of `new`
        measured: position of the drug that is the same, its parent having the same InChIKey, NONE
        of a drug that nobody measured; nearest: positions of the NEAREST most similar others
        (Tanimoto, see `lacuna.structures.similar`), most similar first, and tanimoto: how similar;
        tuples without those that are like nothing.
    """
    alike = similarity(new["smiles"].tolist(), drugs["smiles"].tolist())
    order = np.argsort(-alike, axis=1, kind="stable")[:, : max(LOOKED_AT, NEAREST + 1)]
    keys = drugs["inchi_key"].to_numpy(object).copy()
    # Keys of the tables may be those of salts, or missing.
    looked_at = np.unique(order)
    parents = identify(drugs["smiles"].iloc[looked_at], progress=False)["inchi_key"]
    position = {key: place for place, key in reversed(list(enumerate(keys))) if key}
    position |= {
        key: place
        for place, key in reversed(list(zip(looked_at.tolist(), parents, strict=True)))
        if key is not None
    }
    rows = []
    for row, key in enumerate(new["inchi_key"]):
        same = position.get(key, NONE)
        near = [place for place in order[row].tolist() if place != same and alike[row, place] > 0]
        near = near[:NEAREST]
        rows.append((same, tuple(near), tuple(float(alike[row, place]) for place in near)))
    return pd.DataFrame(rows, index=new.index, columns=["measured", "nearest", "tanimoto"])
