"""Writes a simulated screen in the formats of GEO, and what is known beside it."""

from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from lacuna.io import hdf5
from lacuna.io.gctx import write_gctx
from lacuna.io.gmt import write_gmt
from lacuna.io.tsv import write_table
from lacuna.runtime import seeds
from lacuna.simulation.biology import Biology, draw_structures, plant
from lacuna.simulation.parameters import (
    ANNOTATED_SHARE,
    ANNOTATION,
    ATC_LETTERS,
    CONTROL_SET,
    DRUGS_UNDER_TWO_IDS,
    EXTERNAL,
    EXTERNAL_CELLS,
    EXTERNAL_DRUGS,
    EXTERNAL_GAIN,
    EXTERNAL_MISSING,
    EXTERNAL_NOISE,
    EXTERNAL_OWN,
    EXTERNAL_REPLICATES,
    FILES,
    GENE_SETS,
    GENES,
    PLANTED_SET,
    PROGRAMMES,
    TRUTH,
)
from lacuna.simulation.screen import lay_out_screen, make_second_id


def simulate(
    folder: str | Path, *, generator: str, drugs: int, cells: int, mechanisms: int, seed: int
) -> None:
    """Write a simulated screen into a folder: `ALL_FILES`, in the formats of their real models.

    Beside the tables and the matrix of GEO these are the annotation of the drugs, the gene
    programmes as gene sets, new drugs as another platform measures them, and the planted truth.

    Parameters
    ----------
    folder
        Where to write.
    generator
        How responses differ between cells: one of `GENERATORS`, see `lacuna.simulation.biology`.
    drugs, cells, mechanisms
        How many of each.
    seed
        The run's seed.

    Raises
    ------
    UnwritableFile
        If the disk is full, or the folder may not be written to.
    """
    folder = Path(folder)
    stream = partial(seeds.generator, seed)
    biology = plant(generator, drugs, cells, mechanisms, stream("biology"))
    wells, expression = lay_out_screen(biology, stream("screen"))
    genes = pd.DataFrame(
        {
            "pr_gene_id": [str(900_001 + gene) for gene in range(GENES)],
            "pr_gene_symbol": [f"SIMG{gene + 1:04d}" for gene in range(GENES)],
            "pr_is_lm": 1,
        }
    )
    write_table(wells, folder / FILES["inst_info"])
    write_table(_pert_info(biology, stream("structures")), folder / FILES["pert_info"])
    write_table(genes, folder / FILES["gene_info"])
    write_table(
        biology.cells[["cell_id", "lineage"]].rename(columns={"lineage": "primary_site"}),
        folder / FILES["cell_info"],
    )
    write_table(annotate_drugs(biology, stream("annotation")), folder / ANNOTATION)
    symbols = genes["pr_gene_symbol"].to_numpy()
    sets = make_gene_sets(biology.programmes, symbols)
    sets |= make_signed_sets(biology.programmes, symbols, stream("gene sets"))
    write_gmt(sets, "simulated", folder / GENE_SETS)
    profiles, samples = measure_new_drugs(biology, genes["pr_gene_symbol"], stream("external"))
    write_table(profiles, folder / EXTERNAL["profiles"])
    write_table(samples, folder / EXTERNAL["samples"])
    _write_truth(biology, genes, folder / TRUTH)
    write_gctx(
        folder / FILES["level3"],
        expression,
        pd.DataFrame(index=genes["pr_gene_id"]),
        pd.DataFrame(index=wells["inst_id"]),
    )


def _pert_info(biology: Biology, rng: np.random.Generator) -> pd.DataFrame:
    drugs = biology.drugs[["pert_id", "name"]].rename(columns={"name": "pert_iname"})
    drugs["canonical_smiles"] = draw_structures(biology.drugs["mechanism"].to_numpy(), rng)
    twice = drugs.iloc[:DRUGS_UNDER_TWO_IDS].copy()
    twice["pert_id"] = [make_second_id(drug) for drug in twice.index]
    table = pd.concat([drugs, twice], ignore_index=True).assign(pert_type="trt_cp")
    vehicle = pd.DataFrame(
        {"pert_id": ["DMSO"], "pert_iname": ["DMSO"], "pert_type": ["ctl_vehicle"]}
    )
    table = pd.concat([table, vehicle], ignore_index=True)
    return table.fillna({"canonical_smiles": "-666"}).assign(inchi_key="-666")


def annotate_drugs(biology: Biology, rng: np.random.Generator) -> pd.DataFrame:
    """Return ATC codes, targets and mechanisms; some drugs have none on record.

    Mechanisms m and m + 10 share an ATC class; each has a target of its own, and 2 m and 2 m + 1
    share another.

    Returns
    -------
    DataFrame, a row per drug
        pert_id, name, atc_codes, targets, mechanisms: several are separated by "|", empty where
        none is on record.
    """
    mechanism = biology.drugs["mechanism"]
    known = rng.random(len(mechanism)) < ANNOTATED_SHARE
    atc = [f"{ATC_LETTERS[m % len(ATC_LETTERS)]}{m // len(ATC_LETTERS) + 1:02d}" for m in mechanism]
    targets = [f"SIMT{m + 1:02d}|SIMT{m // 2 + 1:02d}S" for m in mechanism]
    mechanisms = [f"simulated mechanism {m + 1:02d}" for m in mechanism]
    return pd.DataFrame(
        {
            "pert_id": biology.drugs["pert_id"],
            "name": biology.drugs["name"],
            "atc_codes": np.where(known, atc, ""),
            "targets": np.where(known, targets, ""),
            "mechanisms": np.where(known, mechanisms, ""),
        }
    )


def make_gene_sets(programmes: np.ndarray, symbols: np.ndarray) -> dict[str, list[str]]:
    """Return a gene set per programme: the strongest gene's name, and the others as its targets.

    Parameters
    ----------
    programmes : array of shape (programmes, genes)
        Weights; genes of weight 0 do not belong to a programme.
    symbols : array of shape (genes,)
        Names of the genes.
    """
    sets: dict[str, list[str]] = {}
    for programme in programmes:
        strongest_first = symbols[np.argsort(-np.abs(programme), kind="stable")]
        members = strongest_first[: np.count_nonzero(programme)]
        # The next strongest names the set if another programme has the same strongest gene.
        factor = next(gene for gene in members if f"{gene}_programme" not in sets)
        sets[f"{factor}_programme"] = [gene for gene in members if gene != factor]
    return sets


def make_signed_sets(
    programmes: np.ndarray, symbols: np.ndarray, rng: np.random.Generator
) -> dict[str, list[str]]:
    """Return what each programme moves up and what it moves down, and controls of random genes.

    A drug that drives a programme moves its `up` and its `down` to opposite ends of a profile, and
    no control to either.

    Parameters
    ----------
    programmes : array of shape (programmes, genes)
        Weights; genes of weight 0 do not belong to a programme.
    symbols : array of shape (genes,)
        Names of the genes.
    rng
        Draws the controls: as many as there are programmes, each of half as many genes.

    Returns
    -------
    dict of lists of str
        By name: simulated_programme_01_up, simulated_programme_01_down, simulated_control_01, ...
    """
    sets: dict[str, list[str]] = {}
    for number, programme in enumerate(programmes, start=1):
        sets[f"{PLANTED_SET}_{number:02d}_up"] = symbols[programme > 0].tolist()
        sets[f"{PLANTED_SET}_{number:02d}_down"] = symbols[programme < 0].tolist()
        of_control = rng.choice(symbols, np.count_nonzero(programme) // 2, replace=False)
        sets[f"{CONTROL_SET}_{number:02d}"] = of_control.tolist()
    return sets


def measure_new_drugs(
    biology: Biology, symbols: pd.Series, rng: np.random.Generator
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Measure new drugs in the best covered cells on another platform, replicates averaged.

    A new drug is an analogue of two active drugs of one mechanism:
    response = share first + (1 - share) second + its own, at the full dose and time. The platform
    lacks some genes, multiplies each of the others by a gain, and is noisy.

    Returns
    -------
    profiles : DataFrame
        symbol, then log2 fold changes, a column per sample.
    samples : DataFrame
        sample, drug, cell.
    """
    cells = biology.cells["coverage"].nlargest(EXTERNAL_CELLS).index
    active = biology.drugs[biology.drugs["active"]]
    classes = [drugs.index.to_numpy() for _, drugs in active.groupby("mechanism")]
    # In a tiny screen it can happen that no two active drugs share a mechanism.
    classes = [drugs for drugs in classes if len(drugs) > 1] or classes
    gain = rng.lognormal(0, EXTERNAL_GAIN, GENES)
    on_platform = np.sort(rng.permutation(GENES)[round(EXTERNAL_MISSING * GENES) :])
    measured, samples = {}, []
    for number in range(EXTERNAL_DRUGS):
        drugs = classes[rng.integers(len(classes))]
        first, second = biology.response[rng.choice(drugs, 2, replace=len(drugs) < 2)][:, cells]
        share = rng.random()
        response = share * first + (1 - share) * second + rng.normal(0, EXTERNAL_OWN, PROGRAMMES)
        change = gain * (response @ biology.programmes)
        noise = rng.normal(0, EXTERNAL_NOISE, (EXTERNAL_REPLICATES, *change.shape)).mean(axis=0)
        drug = f"simulated-external-{number + 1:02d}"
        for cell, values in zip(biology.cells["cell_id"][cells], change + noise, strict=True):
            sample = f"{drug}_{cell}"
            measured[sample] = values[on_platform]
            samples.append((sample, drug, cell))
    profiles = pd.DataFrame({"symbol": symbols.to_numpy()[on_platform], **measured})
    return profiles, pd.DataFrame(samples, columns=["sample", "drug", "cell"])


def _write_truth(biology: Biology, genes: pd.DataFrame, path: Path) -> None:
    hdf5.save(
        path,
        {
            "drugs": biology.drugs,
            "cells": biology.cells,
            "genes": genes["pr_gene_id"].to_numpy(),
            "programmes": biology.programmes,
            "response": biology.response,
            "log2_change": (biology.response @ biology.programmes).astype(np.float32),
        },
    )
