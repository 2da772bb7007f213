"""Signatures of whole populations: one for each drug and line, without controls or doses.

Ranks of genes become normal scores: the quantile of a standard normal distribution at (k - 0.5) / n
for the k-th lowest of n genes (Blom's family; https://doi.org/10.1007/s10519-009-9281-0), so that a
gene that goes up most is about 3.5 of 6,000. A gene that was not tested has 0.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from lacuna.errors import DamagedFile, LacunaError, listed
from lacuna.io.gctx import Gctx
from lacuna.io.geo import read_drugs, read_genes
from lacuna.io.h5ad_write import Block, X
from lacuna.io.names import drug_key, spelt_as
from lacuna.io.npz import read_arrays
from lacuna.io.sig_info import read_signatures
from lacuna.io.untrusted import check_plain
from lacuna.single_cell.account import Account, Prepared
from lacuna.single_cell.compounds import gather_compounds, only
from lacuna.single_cell.interface import OBS

TREATED = "trt_cp"
DOSE = 1.0  # of all signatures: nothing is known of doses
ARRAYS = ("rank", "cells", "drugs", "genes")


def prepare_ranks(path: str | Path, structures: pd.Series) -> Prepared:
    """Read ranks of genes.

    Parameters
    ----------
    path
        .npz with rank, integers of shape (lines, drugs, genes), 0 for the gene that goes up most;
        cells, drugs, genes: their names.
    structures
        SMILES by drug.

    Raises
    ------
    DamagedFile
        If the file is damaged.
    LacunaError
        If an array is missing, a profile is not ranked from 0, or nothing is left.
    """
    content = read_arrays(path, ARRAYS)
    rank = content["rank"]
    lines, drugs, genes = ([str(text) for text in content[name]] for name in ARRAYS[1:])
    if rank.ndim != 3 or rank.shape != (len(lines), len(drugs), len(genes)):
        raise DamagedFile(
            path, f"rank has shape {rank.shape}, not {(len(lines), len(drugs), len(genes))}."
        )
    for name, texts in zip(ARRAYS[1:], (lines, drugs, genes), strict=True):
        check_plain(pd.Series(texts, dtype=object), name, path)
        if len(set(texts)) < len(texts):
            raise LacunaError(f"{path}: a name in {name} stands twice; expected each once.")
    rank = rank.reshape(-1, len(genes))
    wrong = (np.sort(rank, axis=1) != np.arange(len(genes))).any(axis=1)
    if wrong.any():
        line, drug = divmod(int(np.flatnonzero(wrong)[0]), len(drugs))
        raise LacunaError(
            f"{path}: {int(wrong.sum())} profiles, the first of {drugs[drug]!r} in "
            f"{lines[line]!r}, are no ranks from 0 to {len(genes) - 1}, each once."
        )
    obs = pd.DataFrame({"line": np.repeat(lines, len(drugs)), "key": np.tile(drugs, len(lines))})
    given = pd.DataFrame({"name": drugs, "smiles": structures.reindex(drugs).to_numpy(object)})
    scores = normal_scores(rank)
    return _prepared(path, obs, given.set_axis(drugs, axis=0), pd.Index(genes), scores)


def normal_scores(rank: np.ndarray) -> np.ndarray:
    """Return normal scores of ranks, float32 of the same shape; 0 is the highest rank."""
    from scipy.stats import norm

    genes = rank.shape[-1]
    quantiles = norm.ppf((np.arange(genes, 0, -1) - 0.5) / genes).astype(np.float32)
    return quantiles[rank]


def prepare_level5(files: Mapping[str, str | Path]) -> Prepared:
    """Read signatures in the layout of LINCS.

    Several signatures of a drug in a line are averaged, over those that tested a gene.

    Parameters
    ----------
    files
        level5, sig_info, pert_info and where there is one gene_info. Without it, rows are symbols.

    Raises
    ------
    DamagedFile
        If the matrix is damaged.
    LacunaError
        If a table does not fit the matrix, or nothing is left.
    """
    table = read_signatures(files["sig_info"])
    drugs = read_drugs(files["pert_info"])
    drugs["drug"] = spelt_as(drugs["drug"], table["drug"].unique(), drug_key)
    smiles = drugs.dropna(subset="smiles").drop_duplicates("drug").set_index("drug")["smiles"]
    treated = table[table["kind"] == TREATED]
    with Gctx(files["level5"]) as matrix:
        if missing := sorted(set(treated["signature"]) - set(matrix.columns)):
            raise LacunaError(
                f"{files['sig_info']}: {len(missing)} signatures are not in {matrix.path}: "
                f"{listed(missing)}; take both from one series."
            )
        rows = _rows(matrix, files.get("gene_info"))
        scores = matrix.read(rows, treated["signature"])
    obs = treated[["cell", "drug"]].rename(columns={"cell": "line", "drug": "key"})
    name = treated.drop_duplicates("drug").set_index("drug")["name"]
    given = pd.DataFrame({"name": name.fillna(pd.Series(name.index, name.index)).astype(str)})
    given["smiles"] = smiles.reindex(given.index)
    kept = obs.reset_index(drop=True)
    prepared = _prepared(files["level5"], kept, given, pd.Index(rows.index), scores)
    others = table["kind"].value_counts().drop(TREATED, errors="ignore")
    for kind, count in others.items():
        prepared.account.leave_out("observations", kind, "not treated with a compound", int(count))
    return prepared


def _rows(matrix: Gctx, gene_info: str | Path | None) -> pd.Series:
    """Return the ids of rows by symbol."""
    if gene_info is None:
        return pd.Series(matrix.rows, index=matrix.rows)
    genes = read_genes(gene_info).dropna(subset=["symbol"])
    known = genes[genes["gene"].isin(matrix.rows)].drop_duplicates("symbol")
    if known.empty:
        raise LacunaError(
            f"{matrix.path}: none of its rows ({listed(matrix.rows)}) is a gene of {gene_info}; "
            "take both from one series."
        )
    return known.set_index("symbol")["gene"]


def _prepared(
    path: str | Path, obs: pd.DataFrame, given: pd.DataFrame, genes: pd.Index, scores: np.ndarray
) -> Prepared:
    """Give signatures the drugs of their structures, and average those of one drug and line.

    Parameters
    ----------
    obs : DataFrame
        line, key.
    given : DataFrame
        name, smiles, by key.
    scores : float32 array of shape (observations, genes)
    """
    account = Account(str(path))
    account.step("in the file", obs.assign(drug=obs["key"], control=False))
    count = obs["key"].value_counts().reindex(given.index).fillna(0).astype(int)
    found = gather_compounds(given.assign(pathway="", observations=count), account)
    obs = obs.assign(drug=obs["key"].map(found.of), control=False, dose=DOSE)
    kept = obs[obs["drug"].notna()]
    account.step("of drugs with a structure that can be read", kept)
    by = kept.groupby(["line", "drug"], sort=False)
    number = by.ngroup().to_numpy()
    single = by.head(1)
    account.step("one for each drug and line", single)
    values = _mean_tested(scores[kept.index.to_numpy()], number)
    names = pd.Index([f"signature_{number}" for number in range(len(single))])
    return Prepared(
        "signatures",
        single[OBS].set_axis(names, axis=0),
        only(found.drugs, single),
        genes.astype(object),
        _one_block(values),
        account,
    )


def _mean_tested(scores: np.ndarray, number: np.ndarray) -> np.ndarray:
    """Average rows of one number over the genes that they tested; 0 where none did."""
    total = np.zeros((int(number.max()) + 1, scores.shape[1]))
    tested = np.zeros_like(total)
    np.add.at(total, number, scores)
    np.add.at(tested, number, scores != 0)
    return (total / np.maximum(tested, 1)).astype(np.float32)


def _one_block(values: np.ndarray) -> Iterator[dict[str, Block]]:
    yield {X: values}
