"""Names, structures and lineages of a tensor's drugs, cells and genes."""

from collections.abc import Iterable

import pandas as pd

from lacuna.io.landmarks import fill_symbols
from lacuna.io.names import drug_key, spelt_as
from lacuna.tensor.profiles import ProfileSet

BETWEEN_IDS = "; "  # of ids that were merged into one drug


def describe_axes(
    tensor: ProfileSet,
    experiments: pd.DataFrame,
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
    experiments
        What the tensor was made of, as `lacuna.tensor.filters.Filtered` has it. They give the
        drugs' names; where they do not, the tables do.
    drug_tables, gene_tables, cell_tables
        As `lacuna.io.geo` reads them, of every series; the first table that has a value wins. What
        no table says of a drug's own id is that of another id that was merged into it.

    Returns
    -------
    dict of DataFrames
        drugs: drug, name, pert_type, cells (how many), inchi_key, smiles, ids (those that went into
        it, joined by `BETWEEN_IDS`); cells: cell, drugs (how many), lineage; genes: gene, symbol
        (of landmarks without one, as LINCS calls their Entrez ids). Empty where nothing is known.
    """
    ids = experiments.groupby("own")[["id", "drug", "name", "pert_type"]].first()
    tables = [_under_merged(table, ids) for table in drug_tables]
    drugs = pd.DataFrame({"drug": tensor.drugs, "cells": tensor.measured.sum(axis=1)})
    known = _join_known(drugs[["drug"]], tables, ["name"])["name"]
    own = drugs["drug"].map(ids["name"])
    drugs.insert(1, "name", own.where(own.notna() & (own != ""), known))
    drugs.insert(2, "pert_type", drugs["drug"].map(ids["pert_type"]))
    cells = pd.DataFrame({"cell": tensor.cells, "drugs": tensor.measured.sum(axis=0)})
    lineages = [table.assign(cell=spelt_as(table["cell"], tensor.cells)) for table in cell_tables]
    genes = pd.DataFrame({"gene": tensor.genes})
    return {
        "drugs": _join_known(drugs, tables, ["inchi_key", "smiles"]).assign(
            ids=drugs["drug"].map(ids.groupby("drug")["id"].agg(BETWEEN_IDS.join))
        ),
        "cells": _join_known(cells, lineages, ["lineage"]),
        "genes": fill_symbols(_join_known(genes, gene_tables, ["symbol"])),
    }


def _under_merged(table: pd.DataFrame, ids: pd.DataFrame) -> pd.DataFrame:
    """Return what a table says of ids, under the drug that each went into; its own id first."""
    into = ids.rename_axis("own").reset_index()[["id", "own", "drug"]]
    into = into.rename(columns={"drug": "into"})
    spelt = table.assign(drug=spelt_as(table["drug"], into["id"].unique(), drug_key))
    known = spelt.astype({"drug": object}).merge(into, left_on="drug", right_on="id")
    own_first = (known["own"] != known["into"]).sort_values(kind="stable").index
    return known.assign(drug=known["into"]).loc[own_first]


def _join_known(
    axis: pd.DataFrame, tables: Iterable[pd.DataFrame], columns: list[str]
) -> pd.DataFrame:
    key = axis.columns[0]
    facts = pd.concat([pd.DataFrame(columns=[key, *columns]), *tables])
    facts = facts[[key, *columns]].groupby(key, as_index=False).first()
    return axis.merge(facts, on=key, how="left", validate="one_to_one")
