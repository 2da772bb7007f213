"""Writes a simulated transcriptome in the layouts of its real models.

L1000 as GSE92742 ships it, pairs as a series of its own as GSE92743, RNA-seq as a table genes x
samples of counts with the samples described beside it, and the planted truth.
"""

from pathlib import Path

import numpy as np
import pandas as pd

from lacuna.io import hdf5
from lacuna.io.gctx import write_gctx
from lacuna.io.gmt import write_gmt
from lacuna.io.tsv import write_table
from lacuna.simulation.parameters import GENES, TRANSLATION_FILES
from lacuna.simulation.plates import UNTREATED, VEHICLE
from lacuna.simulation.rnaseq import Transcriptome
from lacuna.simulation.transcriptome import AGEING_TISSUES, TISSUES
from lacuna.simulation.write import make_gene_sets


def write_transcriptome(world: Transcriptome, folder: str | Path) -> None:
    """Write the files of `TRANSLATION_FILES`; the same world gives the same bytes.

    Parameters
    ----------
    world
        What to write.
    folder
        Where to write.

    Raises
    ------
    UnwritableFile
        If the disk is full, or the folder may not be written to.
    """
    at = {kind: Path(folder) / name for kind, name in TRANSLATION_FILES.items()}
    _write_level3(world, at)
    write_table(world.wells, at["inst_info"])
    write_table(world.pair_wells, at["pair_inst_info"])
    write_table(world.pairs, at["pairs"])
    write_table(_pert_info(world.treatments), at["pert_info"])
    write_table(_gene_info(world.genes), at["gene_info"])
    write_table(_cell_info(world), at["cell_info"])
    write_table(world.samples, at["samples"])
    write_table(_counts(world), at["counts"])
    write_table(_gene_table(world.genes), at["genes"])
    write_gmt(list_gene_sets(world), "simulated", at["gene_sets"])
    write_table(list_age_genes(world), at["age_genes"])
    _write_truth(world, at["truth"])


def list_gene_sets(world: Transcriptome) -> dict[str, list[str]]:
    """Return the targets of the glucocorticoid receptor, then the genes of each programme.

    The first set has the receptor's symbol for a name; the others are called as the strongest gene
    of their programme.
    """
    symbols = world.genes["symbol"].to_numpy()
    regulation = world.truth.regulation
    receptor = symbols[regulation.receptor]
    targets = symbols[np.flatnonzero(regulation.targets)].tolist()
    return {
        f"{receptor}_receptor": targets,
        **make_gene_sets(regulation.programmes, symbols),
    }


def list_age_genes(world: Transcriptome) -> pd.DataFrame:
    """Return the planted genes that rise or fall with age.

    Returns
    -------
    DataFrame
        tissue, symbol, slope (log2 per decade), shared (whether the gene ages in every tissue).
    """
    ageing = world.truth.ageing
    shared = (ageing != 0).all(axis=0)
    tissue, gene = np.nonzero(ageing)
    return pd.DataFrame(
        {
            "tissue": [AGEING_TISSUES[number] for number in tissue],
            "symbol": world.genes["symbol"].to_numpy()[gene],
            "slope": ageing[tissue, gene],
            "shared": shared[gene],
        }
    )


def _write_level3(world: Transcriptome, at: dict[str, Path]) -> None:
    rows = pd.DataFrame(index=world.genes["entrez"][:GENES])
    for kind, values, wells in (
        ("level3", world.level3, world.wells),
        ("pair_level3", world.pair_level3, world.pair_wells),
    ):
        write_gctx(at[kind], values, rows, pd.DataFrame(index=wells["inst_id"]))


def _pert_info(treatments: pd.DataFrame) -> pd.DataFrame:
    table = pd.DataFrame(
        {
            "pert_id": treatments["pert_id"],
            "pert_iname": treatments["name"],
            "pert_type": treatments["kind"],
            "inchi_key": "-666",
            "canonical_smiles": treatments["smiles"].replace("", "-666"),
        }
    )
    twice = treatments["second_id"].ne("").to_numpy()
    second = table[twice].assign(
        pert_id=treatments.loc[twice, "second_id"],
        pert_iname=table.loc[twice, "pert_iname"].str.upper(),
    )
    controls = pd.DataFrame([VEHICLE, UNTREATED], columns=table.columns[:3])
    return pd.concat([table, second, controls], ignore_index=True).fillna("-666")


def _gene_info(genes: pd.DataFrame) -> pd.DataFrame:
    """Return GEO's table: landmarks, and the genes that the platform infers from them."""
    known = genes[genes["landmark"] | genes["inferred"]]
    return pd.DataFrame(
        {
            "pr_gene_id": known["entrez"],
            "pr_gene_symbol": known["symbol"],
            "pr_gene_title": "simulated gene",
            "pr_is_lm": known["landmark"].astype(int),
            "pr_is_bing": 1,
        }
    )


def _cell_info(world: Transcriptome) -> pd.DataFrame:
    """Return the lines and tissues of all wells; of the atlas, nobody has noted the site."""
    lines = world.truth.biology.cells.set_index("cell_id")["lineage"]
    site = {**lines, **dict(zip(TISSUES, TISSUES, strict=True))}
    cells = pd.concat([world.wells["cell_id"], world.pair_wells["cell_id"]]).unique()
    return pd.DataFrame(
        {"cell_id": cells, "primary_site": [site.get(cell, "-666") for cell in cells]}
    )


def _counts(world: Transcriptome) -> pd.DataFrame:
    """Return genes x samples; the first column, which has no name, holds the symbols."""
    table = pd.DataFrame(world.counts.T, columns=world.samples["sample"])
    table.insert(0, "", world.genes["symbol"])
    return table


def _gene_table(genes: pd.DataFrame) -> pd.DataFrame:
    """Return the table by which ids of genes are translated."""
    return genes[["ensembl", "entrez", "symbol", "length"]].assign(biotype="protein_coding")


def _write_truth(world: Transcriptome, path: Path) -> None:
    hdf5.save(
        path,
        {
            "genes": world.genes,
            "samples": world.samples[["sample"]],
            "treatments": world.treatments,
            "cells": world.truth.biology.cells,
            "targets": world.truth.regulation.targets,
            "steroids": world.truth.steroids,
            "knock_downs": world.truth.knock_downs,
            "ageing": world.truth.ageing,
            "log2_change": world.log2_change,
            "rnaseq": world.rnaseq_truth,
            "level3": world.level3_truth,
            "pair_level3": world.pair_level3_truth,
        },
    )
