"""Drugs as vectors: computed by an encoder, looked up in a table from outside, or none at all.

The vectors are as the encoder gives them; whoever trains a model brings them to one scale, by the
drugs that are trained on.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from lacuna.errors import LacunaError, listed
from lacuna.io import hdf5
from lacuna.io.geo import read_text_table
from lacuna.io.parquet import is_parquet, read_parquet
from lacuna.io.smiles import SMILES
from lacuna.single_cell.interface import CONTROL_SMILES, LEARNED
from lacuna.single_cell.observations import read_drugs
from lacuna.structures.cache import encode_structures
from lacuna.structures.identity import identify


def encode_drugs(
    drugs: Sequence[str | Path],
    *,
    encoder: str,
    options: Mapping[str, Any],
    vectors: str | Path | None,
    output: str | Path,
    cache: str | Path | None,
) -> None:
    """Write a vector of each structure of some tables of drugs, and of the vehicle.

    Parameters
    ----------
    drugs
        Tables of drugs, of the bulk screen and of targets.
    encoder
        One of `lacuna.structures.encoders`, `LEARNED`, or what a table from outside is called.
    options
        Of the encoder.
    vectors
        That table; None for an encoder.
    output
        What to write, see `read_drug_vectors`.
    cache
        Vectors of earlier runs, see `lacuna.structures.cache.encode_structures`.

    Raises
    ------
    LacunaError
        If the encoder is unknown or must be trained, the table is none of vectors by SMILES, or it
        has none of the drugs.
    """
    tables = pd.concat([read_drugs(path)[["smiles", "inchi_key"]] for path in drugs])
    tables = tables[tables["smiles"].fillna("") != ""]  # some targets do not know structures
    tables = tables.drop_duplicates("smiles").sort_values("smiles")
    known = tables.set_index("smiles")["inchi_key"]
    if CONTROL_SMILES not in known.index:
        known[CONTROL_SMILES] = str(identify([CONTROL_SMILES])["inchi_key"].iloc[0])
    smiles = known.index.tolist()
    if encoder == LEARNED:
        found = np.zeros((len(smiles), 0), np.float32)
    elif vectors is None:
        found = encode_structures(encoder, smiles, cache, **options)
    else:
        found = _looked_up(read_outside_vectors(vectors), known, vectors, encoder)
    hdf5.save(output, {"smiles": np.array(smiles, dtype=object), "vectors": found})


def read_drug_vectors(path: str | Path) -> pd.DataFrame:
    """Read vectors: float32, a row per canonical SMILES; all NaN where a table has none.

    Raises
    ------
    DamagedFile
        If the file is damaged.
    """
    content = hdf5.load(path, layout={"smiles": (hdf5.NAMES, 1), "vectors": (hdf5.FLOATS, 2)})
    return pd.DataFrame(content["vectors"], index=pd.Index(content["smiles"].astype(str)))


def read_outside_vectors(path: str | Path) -> pd.DataFrame:
    """Read a table of vectors that others computed.

    Parameters
    ----------
    path
        Parquet, or text with tabs: a row per structure; a column smiles or canonical_smiles, or the
        index, is SMILES in any writing, and all others are numbers.

    Returns
    -------
    DataFrame
        float32, by the InChIKey of the parent structure. Of several rows for one, the first; rows
        without a readable structure or with a gap are left out.

    Raises
    ------
    LacunaError
        If the file cannot be read, a column is no number, or no structure is readable.
    """
    path = Path(path)
    table = read_parquet(path) if is_parquet(path) else read_text_table(path, dtype=str)
    named = [column for column in SMILES if column in table]
    if named:
        smiles, numbers = table[named[0]], table.drop(columns=named)
    elif table.index.dtype.kind in "OUT" and not isinstance(table.index, pd.RangeIndex):
        smiles, numbers = pd.Series(table.index, table.index), table
    else:  # of a text, the index is the first column
        smiles, numbers = table.iloc[:, 0], table.iloc[:, 1:]
    made = numbers.apply(pd.to_numeric, errors="coerce")
    wrong = numbers.columns[(made.isna() & numbers.notna()).any()]
    if len(wrong) or numbers.empty:
        raise LacunaError(
            f"{path}: columns {listed(wrong)} hold what is no number; expected SMILES in a column "
            f"{' or '.join(SMILES[:2])}, and numbers in all others."
        )
    who = identify(smiles.astype(object).reset_index(drop=True), progress=len(smiles) > 1000)
    keys = who["inchi_key"].to_numpy(object)
    with np.errstate(over="ignore"):
        found = pd.DataFrame(made.to_numpy(np.float64).astype(np.float32), index=keys)
    usable = found[pd.notna(keys) & np.isfinite(found.to_numpy()).all(axis=1)]
    if usable.empty:
        raise LacunaError(
            f"{path}: none of its {len(table)} rows has a SMILES that can be read and numbers "
            f"without a gap; the first is {smiles.iloc[0] if len(smiles) else ''!r}."
        )
    return usable[~usable.index.duplicated()]


def _looked_up(table: pd.DataFrame, known: pd.Series, path: str | Path, encoder: str) -> np.ndarray:
    """Return vectors by InChIKey, NaN where the table has none; say which these are."""
    missing = known.index[~known.isin(table.index)]
    if len(missing) == len(known):
        raise LacunaError(
            f"{path}: has none of the {len(known)} drugs, such as {known.index[0]}; expected "
            "vectors of these structures."
        )
    if len(missing):
        print(
            f"{encoder}: {path} has no vector of {len(missing)} of {len(known)} structures; models "
            f"with it leave these drugs out: {listed(missing, 20)}."
        )
    return table.reindex(known).to_numpy(np.float32)
