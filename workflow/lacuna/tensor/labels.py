"""Names, structures and lineages of a tensor's drugs, cells and genes."""

from collections.abc import Iterable

import pandas as pd

from lacuna.signatures.signature_set import SignatureSet
from lacuna.tensor.profiles import ProfileSet


def describe_axes(
    tensor: ProfileSet,
    signatures: SignatureSet,
    *,
    drug_tables: Iterable[pd.DataFrame],
    gene_tables: Iterable[pd.DataFrame],
    cell_tables: Iterable[pd.DataFrame],
) -> dict[str, pd.DataFrame]:
    """Describe the tensor's drugs, cells and genes.

    Parameters
    ----------
    tensor
        Gives the order.
    signatures
        Give the drugs' names; where they do not, the tables do.
    drug_tables, gene_tables, cell_tables
        As `lacuna.io.geo` reads them, of every series; the first table that has a value wins.

    Returns
    -------
    dict of DataFrames
        drugs: drug, name, cells (how many), inchi_key, smiles; cells: cell, drugs (how many),
        lineage; genes: gene, symbol. Empty where nothing is known.
    """
    drug_tables = list(drug_tables)
    names = signatures.table.drop_duplicates("drug").set_index("drug")["name"]
    drugs = pd.DataFrame({"drug": tensor.drugs, "cells": tensor.measured.sum(axis=1)})
    known = _join_known(drugs[["drug"]], drug_tables, ["name"])["name"]
    own = drugs["drug"].map(names)
    drugs.insert(1, "name", own.where(own.notna() & (own != ""), known))
    cells = pd.DataFrame({"cell": tensor.cells, "drugs": tensor.measured.sum(axis=0)})
    genes = pd.DataFrame({"gene": tensor.genes})
    return {
        "drugs": _join_known(drugs, drug_tables, ["inchi_key", "smiles"]),
        "cells": _join_known(cells, cell_tables, ["lineage"]),
        "genes": _join_known(genes, gene_tables, ["symbol"]),
    }


def _join_known(
    axis: pd.DataFrame, tables: Iterable[pd.DataFrame], columns: list[str]
) -> pd.DataFrame:
    key = axis.columns[0]
    facts = pd.concat([pd.DataFrame(columns=[key, *columns]), *tables])
    facts = facts[[key, *columns]].groupby(key, as_index=False).first()
    return axis.merge(facts, on=key, how="left", validate="one_to_one")
