"""Molecules and profiles laid out in two dimensions: figures A4 and A5 of the paper."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from lacuna.errors import LacunaError
from lacuna.io.tsv import write_table
from lacuna.retrieval.compare import RAW
from lacuna.retrieval.data import Fold, read_fold
from lacuna.retrieval.mechanisms import mechanisms_of
from lacuna.retrieval.molecules import read_encoded
from lacuna.retrieval.rank_jobs import Kinds, read_networks
from lacuna.retrieval.split import ROLES, TRAINING
from lacuna.runtime.seeds import generator

MOST = 5000  # profiles that are laid out; of more, so many are drawn
NEIGHBOURS = 15  # umap's default; fewer where there are fewer rows
FEWEST = 4  # rows that can be laid out


def project(rows: np.ndarray, seed: int, metric: str = "correlation") -> np.ndarray:
    """Lay rows out by UMAP (McInnes et al. 2018, https://doi.org/10.48550/arXiv.1802.03426).

    Parameters
    ----------
    rows : array of shape (n, p)
    seed
        Two runs of one seed give one layout.
    metric
        How rows are compared.

    Returns
    -------
    float64 array of shape (n, 2)
        Zeros where there are fewer than four rows.

    Raises
    ------
    LacunaError
        If umap-learn is not installed.
    """
    if len(rows) < FEWEST:
        return np.zeros((len(rows), 2))
    try:
        from umap import UMAP  # takes seconds
    except ImportError as error:
        raise LacunaError(
            f"retrieval: maps are drawn with umap-learn, which is not there ({error}). Install "
            "it: pip install -e '.[retrieval]' -c constraints.txt."
        ) from error
    neighbours = min(NEIGHBOURS, len(rows) - 1)
    # Rows that do not vary have no correlation: a hair of noise gives them one.
    rng = generator(seed, "retrieval", "map")
    wide = rows.astype(np.float64)
    wide = wide + 1e-9 * rng.normal(size=wide.shape) * (1 + np.abs(wide).max())
    layout = UMAP(
        n_neighbors=neighbours, metric=metric, random_state=seed, n_jobs=1, init="pca"
    ).fit_transform(wide)
    return np.asarray(layout, dtype=np.float64)


def project_embeddings(
    files: Mapping[str, Any],
    output: Mapping[str, str],
    *,
    encoders: Sequence[str],
    annotations: Mapping[str, str],
    alignments: Sequence[str],
    lines: Mapping[str, Sequence[str]],
    blocks: Sequence[str],
    seed: int,
) -> None:
    """Lay out the molecules and the profiles of the first fold.

    Parameters
    ----------
    files
        The cut, encoded molecules, the first network if there is one.
    output
        Where to write: molecules (drug, kind, role, mechanism, x, y) and profiles (name, kind,
        role, cell, x, y).
    encoders, annotations, alignments, lines, blocks, seed
        See the configuration; blocks are features, annotations the tables about drugs.
    """
    fold = read_fold(files, 0, lines, blocks)
    encoded = dict(zip(encoders, map(read_encoded, files["encoded"]), strict=True))
    kinds = Kinds(fold, encoded, read_networks(files["aligned"], alignments))
    write_table(_molecules(fold, kinds, annotations, seed), output["molecules"])
    write_table(_profiles(fold, kinds, seed), output["profiles"])


def _molecules(fold: Fold, kinds: Kinds, annotations: Mapping[str, str], seed: int) -> pd.DataFrame:
    molecules = pd.concat([fold.sides[role].molecules.assign(role=role) for role in ROLES])
    mechanism = mechanisms_of(molecules, annotations)
    tables = []
    for kind, vectors in kinds.vectors.items():
        rows = np.concatenate([vectors.by_role[role] for role in ROLES])
        at = project(rows, seed, "jaccard" if vectors.alike == "jaccard" else "correlation")
        facts = {"drug": molecules.index, "kind": kind, "role": molecules["role"].to_numpy()}
        tables.append(
            pd.DataFrame({**facts, "mechanism": mechanism.to_numpy(), "x": at[:, 0], "y": at[:, 1]})
        )
    return pd.concat(tables, ignore_index=True)


def _profiles(fold: Fold, kinds: Kinds, seed: int) -> pd.DataFrame:
    wells = pd.concat([fold.sides[role].wells.assign(role=role) for role in ROLES])
    chosen = np.arange(len(wells))
    if len(wells) > MOST:
        rng = generator(seed, "retrieval", "map", "wells")
        chosen = np.sort(rng.choice(len(wells), MOST, replace=False))
    raw = np.concatenate([kinds.profiles[RAW][role] for role in ROLES])[chosen]
    shown = {"all features": raw}
    if fold.sides[TRAINING].control is not None:
        for block in ("control", "treated"):
            rows = [getattr(fold.sides[role], block) for role in ROLES]
            shown[block] = np.concatenate(rows)[chosen]
    for name in kinds.profiles:
        if name != RAW:
            rows = [kinds.profiles[name][role] for role in ROLES]
            shown[name] = np.concatenate(rows)[chosen]
    wells = wells.iloc[chosen]
    tables = []
    for kind, features in shown.items():
        at = project(features, seed)
        facts = {"name": wells.index, "kind": kind}
        facts |= {column: wells[column].to_numpy() for column in ("role", "cell")}
        tables.append(pd.DataFrame({**facts, "x": at[:, 0], "y": at[:, 1]}))
    return pd.concat(tables, ignore_index=True)
