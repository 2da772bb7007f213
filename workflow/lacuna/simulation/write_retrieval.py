"""Writes the simulated world of retrieval in the layout of GEO, and what is known beside it."""

from pathlib import Path

import pandas as pd

from lacuna.io import hdf5
from lacuna.io.gctx import write_gctx
from lacuna.io.tsv import write_table
from lacuna.runtime import seeds
from lacuna.simulation.molecules import MECHANISMS_PER_FRAGMENT, identify, write_as_salt
from lacuna.simulation.parameters import GENES, RETRIEVAL_FILES
from lacuna.simulation.plates import VEHICLE
from lacuna.simulation.retrieval import RetrievalWorld, simulate_retrieval
from lacuna.simulation.write import annotate_drugs


def write_retrieval_world(
    folder: str | Path,
    *,
    seed: int,
    drugs: int = 400,
    cells: int = 6,
    mechanisms: int = 12,
    mechanisms_per_fragment: int = MECHANISMS_PER_FRAGMENT,
    null: bool = False,
) -> None:
    """Write the files of `RETRIEVAL_FILES`; the same arguments give the same bytes.

    Parameters
    ----------
    folder
        Where to write.
    seed
        The run's seed.
    drugs, cells, mechanisms
        How many of each.
    mechanisms_per_fragment
        How many mechanisms share a fragment, see `lacuna.simulation.molecules.draw_molecules`.
    null
        Whether the drugs exchange their structures, so that these say nothing; the wells are the
        same.

    Raises
    ------
    LacunaError
        If these are fewer drugs or cells, or more mechanisms, than can be simulated.
    UnwritableFile
        If the disk is full, or the folder may not be written to.
    """
    world = simulate_retrieval(
        seed=seed,
        drugs=drugs,
        cells=cells,
        mechanisms=mechanisms,
        mechanisms_per_fragment=mechanisms_per_fragment,
        null=null,
    )
    at = {kind: Path(folder) / name for kind, name in RETRIEVAL_FILES.items()}
    genes = gene_info()
    write_table(world.wells, at["inst_info"])
    write_table(pert_info(world.drugs), at["pert_info"])
    write_table(genes, at["gene_info"])
    write_table(
        world.biology.cells[["cell_id", "lineage"]].rename(columns={"lineage": "primary_site"}),
        at["cell_info"],
    )
    write_table(_annotation(world, seed), at["annotation"])
    write_gctx(
        at["level3"],
        world.level3,
        pd.DataFrame(index=genes["pr_gene_id"]),
        pd.DataFrame(index=world.wells["inst_id"]),
    )
    _write_truth(world, genes, at["truth"])


def gene_info() -> pd.DataFrame:
    """Return GEO's table of the landmarks."""
    return pd.DataFrame(
        {
            "pr_gene_id": [str(900_001 + gene) for gene in range(GENES)],
            "pr_gene_symbol": [f"SIMG{gene + 1:04d}" for gene in range(GENES)],
            "pr_gene_title": "simulated gene",
            "pr_is_lm": 1,
            "pr_is_bing": 1,
        }
    )


def pert_info(drugs: pd.DataFrame) -> pd.DataFrame:
    """Return GEO's table; as there, a salt has the key of the salt.

    Parameters
    ----------
    drugs : DataFrame
        pert_id, name, second_id (of a drug that goes by two, else empty), smiles (of the parent),
        written (the SMILES in the table), form (parent, salt or unreadable).
    """
    table = pd.DataFrame(
        {
            "pert_id": drugs["pert_id"],
            "pert_iname": drugs["name"],
            "pert_type": "trt_cp",
            "canonical_smiles": drugs["written"],
        }
    )
    twice = drugs["second_id"].ne("")
    second = table[twice].assign(
        pert_id=drugs.loc[twice, "second_id"],
        pert_iname=table.loc[twice, "pert_iname"].str.upper(),
        canonical_smiles=[write_as_salt(text, 0) for text in drugs.loc[twice, "smiles"]],
    )
    vehicle = pd.DataFrame([VEHICLE], columns=table.columns[:3]).assign(canonical_smiles="-666")
    table = pd.concat([table, second, vehicle], ignore_index=True)
    unreadable = drugs.loc[drugs["form"].eq("unreadable"), "written"]
    known = ~table["canonical_smiles"].isin([*unreadable, "-666"])
    key = [
        identify(text)[1] if readable else "-666"
        for text, readable in zip(table["canonical_smiles"], known, strict=True)
    ]
    table.insert(3, "inchi_key", key)
    return table


def _annotation(world: RetrievalWorld, seed: int) -> pd.DataFrame:
    """Return the annotation; nothing is on record of drugs that do nothing."""
    table = annotate_drugs(world.biology, seeds.generator(seed, "retrieval", "annotation"))
    unknown = ~world.drugs["active"].to_numpy()
    table.loc[unknown, ["atc_codes", "targets", "mechanisms"]] = ""
    return table


def _write_truth(world: RetrievalWorld, genes: pd.DataFrame, path: Path) -> None:
    hdf5.save(
        path,
        {
            "drugs": world.drugs,
            "mechanisms": world.mechanisms,
            "cells": world.biology.cells,
            "genes": genes["pr_gene_id"].to_numpy(),
            "programmes": world.biology.programmes,
            "response": world.biology.response,
            "log2_change": world.log2_change(),
        },
    )
