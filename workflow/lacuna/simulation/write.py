"""A simulated screen, written as GEO would have shipped it; its names say that it is simulated.

Biology: gene programmes (sparse sets of genes that move together); mechanism classes that drive a
few programmes each; drugs of a class that share a chemical scaffold, by and large; cells of a few
lineages. How a drug's response differs between cells depends on the generator, so that no method
need be judged on the family that it assumes:

- clustered: lineages whose cells let a programme through or not. Most classes act alike in every
  cell that lets their programmes through; some are cell-specific and drive other programmes in each
  lineage. Responses saturate.
- additive: the drug's response, the same in every cell, plus the cell's own to any drug.
- low_rank: the sum over a few factors of drug x cell x programmes.

The screen, whatever the generator: plates of 384 wells in 2 to 4 replicates, two doses, two
times, plate and well-position effects, correlated noise, failed wells, and a drug x cell grid of
which few cells have most drugs.
"""

from pathlib import Path

import numpy as np
import pandas as pd

from lacuna.io import hdf5
from lacuna.io.gctx import write_gctx
from lacuna.io.gmt import write_gmt
from lacuna.io.tsv import write_table
from lacuna.runtime.seeds import generator as stream
from lacuna.simulation.biology import Biology, draw_structures, plant
from lacuna.simulation.parameters import (
    ANNOTATED_SHARE,
    ANNOTATION,
    ATC_LETTERS,
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
    PROGRAMMES,
    TRUTH,
)
from lacuna.simulation.screen import _second_id, lay_out_screen


def simulate(
    folder: str | Path, *, generator: str, drugs: int, cells: int, mechanisms: int, seed: int
) -> None:
    """Write a simulated screen into a folder: `FILES`, and what is known beside them.

    Beside them lie the annotation of the drugs, the gene programmes as gene sets, new drugs as
    another platform measures them, and the truth.

    Parameters
    ----------
    folder
        Where to write.
    generator
        How responses come about: one of `GENERATORS`.
    drugs, cells, mechanisms
        How many of each.
    seed
        The run's seed.
    """
    folder = Path(folder)
    biology = plant(generator, drugs, cells, mechanisms, stream(seed, "biology"))
    wells, expression = lay_out_screen(biology, stream(seed, "screen"))
    genes = pd.DataFrame(
        {
            "pr_gene_id": [str(900_001 + gene) for gene in range(GENES)],
            "pr_gene_symbol": [f"SIMG{gene + 1:04d}" for gene in range(GENES)],
            "pr_is_lm": 1,
        }
    )
    write_table(wells, folder / FILES["inst_info"])
    write_table(_pert_info(biology, stream(seed, "structures")), folder / FILES["pert_info"])
    write_table(genes, folder / FILES["gene_info"])
    write_table(
        biology.cells[["cell_id", "lineage"]].rename(columns={"lineage": "primary_site"}),
        folder / FILES["cell_info"],
    )
    write_table(_annotation(biology, stream(seed, "annotation")), folder / ANNOTATION)
    sets = _gene_sets(biology.programmes, genes["pr_gene_symbol"].to_numpy())
    write_gmt(sets, "simulated", folder / GENE_SETS)
    profiles, samples = _external(biology, genes["pr_gene_symbol"], stream(seed, "external"))
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
    twice["pert_id"] = [_second_id(drug) for drug in twice.index]
    table = pd.concat([drugs, twice], ignore_index=True).assign(pert_type="trt_cp")
    vehicle = pd.DataFrame(
        {"pert_id": ["DMSO"], "pert_iname": ["DMSO"], "pert_type": ["ctl_vehicle"]}
    )
    table = pd.concat([table, vehicle], ignore_index=True)
    return table.fillna({"canonical_smiles": "-666"}).assign(inchi_key="-666")


def _annotation(biology: Biology, rng: np.random.Generator) -> pd.DataFrame:
    """ATC code, targets and mechanism; some drugs have none on record.

    Mechanisms ten apart share an ATC class; each has a target of its own, and two share another.
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


def _gene_sets(programmes: np.ndarray, symbols: np.ndarray) -> dict[str, list[str]]:
    """A set per programme: its strongest gene names it, the other ones are that gene's targets."""
    sets: dict[str, list[str]] = {}
    for programme in programmes:
        strongest_first = symbols[np.argsort(-np.abs(programme), kind="stable")]
        members = strongest_first[: np.count_nonzero(programme)]
        # Where another programme has the same strongest gene, the next one names the set.
        factor = next(gene for gene in members if f"{gene}_programme" not in sets)
        sets[f"{factor}_programme"] = [gene for gene in members if gene != factor]
    return sets


def _external(
    biology: Biology, symbols: pd.Series, rng: np.random.Generator
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Measure new drugs in the best covered cells on another platform, replicates averaged.

    Each is an analogue of two active drugs of a mechanism: a mixture of their responses at the
    full dose and time, and a little of its own. The platform lacks some genes, shows each of the
    others with a gain of its own, and is noisy.

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
    # In a tiny screen it may be that no two active drugs share a mechanism.
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
