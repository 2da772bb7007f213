"""Molecules and profiles laid out in two dimensions: figures A4 and A5 of the paper."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from lacuna.drawing.layout import lay_out
from lacuna.io.tsv import write_table
from lacuna.retrieval.compare import RAW
from lacuna.retrieval.data import Fold, read_fold
from lacuna.retrieval.mechanisms import mechanisms_of
from lacuna.retrieval.molecules import read_encoded
from lacuna.retrieval.rank_jobs import Kinds, read_networks
from lacuna.retrieval.split import ROLES, TRAINING
from lacuna.runtime.seeds import generator

MAP = ("retrieval", "map")  # the words of its random stream
MOST = 5000  # profiles that are laid out; of more, so many are drawn


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
        at = lay_out(
            rows,
            generator(seed, *MAP),
            seed,
            "jaccard" if vectors.alike == "jaccard" else "correlation",
        )
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
        at = lay_out(features, generator(seed, *MAP), seed)
        facts = {"name": wells.index, "kind": kind}
        facts |= {column: wells[column].to_numpy() for column in ("role", "cell")}
        tables.append(pd.DataFrame({**facts, "x": at[:, 0], "y": at[:, 1]}))
    return pd.concat(tables, ignore_index=True)
