"""The product as h5ad: a drug in a cell a row, for scanpy, decoupler, pertpy and their like."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from lacuna.completion.completed import (
    ACD,
    CELL,
    DRUG,
    EXPECTED_R,
    FALLBACK,
    LINEAGE,
    NAME,
    REPLICATES,
    SOURCE,
    STDERR,
    SYMBOL,
    TIER,
    gene_names,
)
from lacuna.completion.errors_by_gene import ErrorsByGene
from lacuna.completion.tiers import TIERS, UNKNOWN
from lacuna.io.annotations import SEPARATOR
from lacuna.io.gctx import Gctx
from lacuna.io.genes import ENTREZ
from lacuna.io.h5ad_write import Block, X, write_h5ad
from lacuna.io.quantities import MISSING_NUMBER
from lacuna.vectors import slices, unit_rows

UNIT = "unit"  # the layer of profiles at length 1
# What is known of a drug, by its column in the table of drugs, and what obs calls it.
OF_DRUG = {
    "smiles": "smiles",
    "inchi_key": "inchi_key",
    "atc_codes": "atc",
    "mechanisms": "moa",
    "targets": "targets",
}
BETWEEN = "; "  # codes, mechanisms or targets of one drug
UNITS = (
    "Each row is a direction over the genes, up positive: how the changes of genes relate to each "
    "other. No fold changes."
)
MEANING = {
    "X": "As estimated: measured profiles have length 1, unless tensor: scale is z; predicted ones "
    "are shorter where the method is less certain. Do not rank measured and predicted ones by "
    "these values together.",
    UNIT: "Every profile at length 1, however sure: where measured and predicted ones point.",
    EXPECTED_R: "The correlation to expect with a fresh measurement of the same drug in the same "
    "cell.",
}


def write_for_anndata(
    path: str | Path,
    product: Gctx,
    is_gap: np.ndarray,
    errors: ErrorsByGene,
    *,
    drugs: pd.DataFrame,
    rows: pd.DataFrame,
    columns: pd.DataFrame,
    facts: Mapping[str, Any],
    at_once: int,
) -> None:
    """Write a finished product once more, transposed, block by block.

    Parameters
    ----------
    path
        The h5ad; it appears whole or not at all.
    product
        The open GCTX.
    is_gap : bool array of shape (columns,)
        Which profiles are predicted.
    errors
        Those of every gene of the predictions, if the method states such.
    drugs
        drug, and those of `OF_DRUG` that are known.
    rows, columns
        The metadata of the GCTX.
    facts
        What else `uns` says, by name.
    at_once
        Profiles of a block.

    Raises
    ------
    UnwritableFile
        If the disk is full, or the folder may not be written to.
    """
    blocks = _blocks(product, is_gap, errors, at_once)
    tiers = {tier.name: tier.at_least for tier in TIERS}
    uns = {"units": UNITS, "meaning": MEANING, "tiers": tiers, **facts}
    write_h5ad(path, blocks, _obs(columns, drugs), _var(rows), uns)


def _blocks(
    product: Gctx, is_gap: np.ndarray, errors: ErrorsByGene, at_once: int
) -> Iterator[dict[str, Block]]:
    errors.rewind()
    for part in slices(len(is_gap), at_once):
        profiles = product.read(product.rows, product.columns[part])
        block: dict[str, Block] = {X: profiles, UNIT: unit_rows(profiles)}
        if errors.are_stated:
            block[STDERR] = np.full_like(profiles, np.nan)
            block[STDERR][is_gap[part]] = errors.read(int(is_gap[part].sum()))
        yield block


def _obs(columns: pd.DataFrame, drugs: pd.DataFrame) -> pd.DataFrame:
    """Return the metadata of the columns and what is known of their drugs; NaN for -666."""
    texts = {name: pd.Categorical(columns[name]) for name in (DRUG, NAME, CELL, LINEAGE, SOURCE)}
    texts[TIER] = pd.Categorical(columns[TIER], [*(tier.name for tier in TIERS), UNKNOWN])
    obs = columns.assign(**texts, **{FALLBACK: columns[FALLBACK].astype(bool)})
    for name in (STDERR, EXPECTED_R, REPLICATES, ACD):
        obs[name] = columns[name].where(columns[name] != MISSING_NUMBER)
    of_drug = drugs.set_index("drug")
    for name, called in OF_DRUG.items():
        known = of_drug.get(name, pd.Series("", of_drug.index)).fillna("")
        known = known.astype(str).str.replace(SEPARATOR, BETWEEN, regex=False)
        obs[called] = pd.Categorical(columns[DRUG].map(known))
    return obs


def _var(rows: pd.DataFrame) -> pd.DataFrame:
    """Return gene (id), symbol and entrez_id, the latter empty where an id is no Entrez id."""
    var = pd.DataFrame({"gene": rows.index.astype(str), "symbol": rows[SYMBOL].to_numpy(str)})
    var["entrez_id"] = var["gene"].where(var["gene"].str.fullmatch(ENTREZ), "")
    return var.set_index(gene_names(var).rename(None).astype(str))
