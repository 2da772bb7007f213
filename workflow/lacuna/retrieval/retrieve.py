"""Ranks a library that nobody measured for profiles that nobody trained on, and back."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from lacuna.errors import LacunaError
from lacuna.io.expression import open_expression
from lacuna.io.gctx import Gctx
from lacuna.io.geo import read_genes
from lacuna.io.untrusted import open_untrusted
from lacuna.retrieval.model import Retriever
from lacuna.structures.identity import count_reasons, identify

HEADER = {"smiles", "canonical_smiles"}  # a first line that is no structure
LONGEST = 20_000  # letters of a line of a library


def read_library(path: str | Path) -> tuple[pd.DataFrame, dict[str, int]]:
    """Read structures: a line each, SMILES and, behind a blank or tab, a name.

    Returns
    -------
    DataFrame with columns name, smiles, inchi_key
        Of the parents; the name is that of the line, or the SMILES as given. Lines of one compound
        are one, called by the first.
    dict of int
        How many lines are left out, by reason.

    Raises
    ------
    LacunaError
        If the file is missing, no text, or has no structure that can be read.
    """
    lines = []
    with open_untrusted(path) as file:
        for number, line in enumerate(file, start=1):
            if len(line) > LONGEST:
                raise LacunaError(
                    f"{path}: line {number} has {len(line)} letters; expected a SMILES and a name."
                )
            try:
                words = line.decode("utf-8").split(maxsplit=1)
            except UnicodeDecodeError as error:
                raise LacunaError(
                    f"{path}: line {number} is no text ({error}); expected a SMILES a line."
                ) from error
            if words and not (number == 1 and words[0].lower() in HEADER):
                lines.append((words[0], words[1].strip() if len(words) > 1 else words[0]))
    if not lines:
        raise LacunaError(f"{path}: has no line; expected a SMILES a line.")
    table = pd.DataFrame(lines, columns=["given", "name"])
    known = identify(table["given"])
    kept = table.join(known[["smiles", "inchi_key", "said"]])
    kept = kept[kept["said"] == ""].drop_duplicates("inchi_key")
    reasons = count_reasons(known)
    if kept.empty:
        raise LacunaError(
            f"{path}: none of its {len(table)} structures can be read ({reasons}); expected SMILES."
        )
    return kept[["name", "smiles", "inchi_key"]].reset_index(drop=True), reasons


def read_profiles(path: str | Path, gene_info: str | Path | None) -> pd.DataFrame:
    """Read profiles: samples in rows, symbols in columns.

    Parameters
    ----------
    path
        A table of genes x samples, GCT, h5ad; or GCTX.
    gene_info
        Symbols of the rows of GCTX, where these are no symbols themselves.

    Raises
    ------
    LacunaError
        If the file is none of these, or a gene stands twice.
    """
    with open_untrusted(path) as file:
        head = file.read(8)
    if head.startswith(b"\x89HDF") and _is_gctx(path):
        with Gctx(path) as matrix:
            values = matrix.read(matrix.rows, matrix.columns)
            names = matrix.rows.astype(str)
            if gene_info is not None:
                symbols = read_genes(gene_info).set_index("gene")["symbol"]
                names = pd.Index(symbols.reindex(names))
            table = pd.DataFrame(values, index=matrix.columns, columns=names)
    else:
        with open_expression(path) as expression:
            parts = [pd.DataFrame(values, index=names) for names, values in expression.blocks()]
            genes = expression.genes if expression.symbols is None else expression.symbols
            table = pd.concat(parts).set_axis(genes, axis=1)
    table = table.loc[:, table.columns.notna()]
    twice = table.columns[table.columns.duplicated()]
    if len(twice):
        raise LacunaError(
            f"{path}: the gene {twice[0]!r} stands in more than one row; expected one of each."
        )
    return table


def _is_gctx(path: str | Path) -> bool:
    try:
        with Gctx(path):
            return True
    except LacunaError:
        return False


def rank_library(
    model: Retriever,
    profiles: pd.DataFrame,
    control: pd.DataFrame | None,
    library: pd.DataFrame,
    *,
    back: bool = False,
    top: int = 0,
    cache: str | Path | None = None,
) -> pd.DataFrame:
    """Rank structures for each profile, or profiles for each structure.

    Parameters
    ----------
    model
        See `lacuna.retrieval.model.load_retriever`.
    profiles, control
        See `Retriever.embed_profiles`.
    library
        As `read_library` gives it.
    back
        Whether profiles are ranked.
    top
        So many of each ranking, and those that tie with the last of them; 0 for all.
    cache
        Where vectors of structures are kept.

    Returns
    -------
    DataFrame with columns profile, name, inchi_key, smiles, rank, of, distance, p, recall
        rank: 1 for the nearest, ties averaged, among `of`; p: the share of wrong structures that
        were as near to a held-out query, or nearer; recall (of structures alone): the share of
        held-out queries whose right structure stood at this share of the library, or before.
    """
    places = model.embed_profiles(profiles, control)
    found = model.embed_molecules(library["smiles"].tolist(), cache)
    distances = model.distances(places, found)
    p_values = model.calibration.p_values(distances)
    ranked = pd.DataFrame(distances).rank(axis=0 if back else 1, method="average").to_numpy()
    of = len(profiles) if back else len(library)
    rows, columns = np.indices(distances.shape)
    facts: Mapping[str, object] = {
        "profile": profiles.index.to_numpy()[rows.ravel()],
        "name": library["name"].to_numpy()[columns.ravel()],
        "inchi_key": library["inchi_key"].to_numpy()[columns.ravel()],
        "smiles": library["smiles"].to_numpy()[columns.ravel()],
        "rank": ranked.ravel(),
        "of": of,
        "distance": distances.ravel(),
        "p": p_values.ravel(),
    }
    table = pd.DataFrame(facts)
    if not back:
        table["recall"] = model.calibration.recall((table["rank"] / of).to_numpy())
    first = "inchi_key" if back else "profile"
    order = table[first].map({name: at for at, name in enumerate(pd.unique(table[first]))})
    table = table.assign(order=order).sort_values(["order", "rank"], kind="stable")
    if top:
        nearest = table.groupby(first, sort=False)["rank"].rank(method="min")
        table = table[nearest <= top]
    return table.drop(columns="order").reset_index(drop=True)
