"""A small index to ask, with planted answers."""

from types import SimpleNamespace

import numpy as np
import pandas as pd

from lacuna.io.landmarks import landmarks

CELLS = ("A375", "MCF7", "VCAP")
ASPIRIN, ESTER = "CC(=O)Oc1ccccc1C(=O)O", "COC(=O)c1ccccc1OC(C)=O"
CHOLINE = "C[N+](C)(C)CCO.[Cl-]"
LEFT, RIGHT = "C[C@H](N)C(=O)O", "C[C@@H](N)C(=O)O"  # alanine
DRUGS = pd.DataFrame(
    [
        (
            "BRD-1",
            "vorinostat",
            "WAEXFXRVDQXREF-UHFFFAOYSA-N",
            "",
            "BRD-1",
            "L01XH",
            "HDAC",
            "HDAC1",
        ),
        ("BRD-2", "aspirin", "", ASPIRIN, "BRD-2; BRD-20; XYZ-7", "", "COX", "PTGS1; PTGS2"),
        ("BRD-3", "Aspirin ester", "", ESTER, "BRD-3", "", "", ""),
        ("BRD-4", "alanine", "QNAYBMKLOCPYGJ-REOHCLBHSA-N", LEFT, "BRD-4", "", "", ""),
        ("BRD-5", "twin", "AAAAAAAAAAAAAA-BBBBBBBBBB-N", "", "BRD-5", "", "COX", ""),
        ("BRD-6", "twin", "AAAAAAAAAAAAAA-CCCCCCCCCC-N", CHOLINE, "BRD-6", "", "", ""),
    ],
    columns=["drug", "name", "inchi_key", "smiles", "ids", "atc", "moa", "targets"],
)
ACD_STEP = "ACD p-value at most 0.1"
DROPPED = pd.DataFrame(
    [
        (
            "ACD p-value at most 0.1",
            "drug",
            "BRD-9",
            "gone",
            "",
            3,
            0.95,
            20,
            "p-value 0.11 above 0.1",
        ),
        (
            "at least 3 drugs per cell",
            "cell",
            "",
            "",
            "HELA",
            np.nan,
            np.nan,
            4,
            "2 drugs",
        ),
        (ACD_STEP, "experiment", "BRD-2", "aspirin", "MCF7", 2, 0.99, 1, "p 0.4"),
        (ACD_STEP, "experiment", "BRD-2", "aspirin", "MCF7", 2, 0.98, 1, "p 0.3"),
    ],
    columns=["step", "what", "drug", "name", "cell", "replicates", "acd", "experiments", "why"],
)


def small_index(genes: int = 40, seed: int = 0, known: bool = True) -> SimpleNamespace:
    """What `lacuna.explore.index.Index` holds, of six drugs in three cells.

    Drugs are measured where (drug + cell) is even. BRD-2 does in every cell what BRD-1 does, and
    BRD-3 the reverse. The expected r of a predicted profile is lower; NaN everywhere unless
    `known`.
    """
    rng = np.random.default_rng(seed)
    drugs, cells = len(DRUGS), len(CELLS)
    profiles = rng.normal(size=(drugs, cells, genes))
    profiles[1] = profiles[0] + 0.2 * rng.normal(size=(cells, genes))
    profiles[2] = -profiles[0] + 0.2 * rng.normal(size=(cells, genes))
    units = profiles.reshape(-1, genes)
    units = (units / np.linalg.norm(units, axis=1, keepdims=True)).astype(np.float32)
    drug, cell = np.divmod(np.arange(drugs * cells), cells)
    measured = (drug + cell) % 2 == 0
    expected = np.where(measured, 0.9, 0.45) + 0.001 * np.arange(drugs * cells)
    table = pd.DataFrame(
        {
            "drug": drug,
            "cell": cell,
            "source": pd.Categorical.from_codes((~measured).astype(int), ["measured", "predicted"]),
            "fallback": np.arange(drugs * cells) == 5,
            "norm": np.where(measured, 1, 0.5),
            "stderr": np.where(measured, np.nan, 0.02),
            "replicates": np.where(measured, 3, np.nan),
            "acd": np.where(measured, 0.5, np.nan),
            "expected_r": expected if known else np.nan,
            "tier": pd.Categorical.from_codes(
                np.where(measured, 0, 1) if known else np.full(len(drug), 2),
                ["excellent", "weak", ""],
            ),
        }
    )
    order = np.argsort(-units, axis=1, kind="stable")
    ranks = np.argsort(order, axis=1).astype(np.uint16)
    by_gene = np.ascontiguousarray(units.T)
    return SimpleNamespace(
        dataset="made-up",
        method="kernel",
        method_label="Kernel",
        facts={"dataset": "made-up", "simulated": True},
        drugs=DRUGS.assign(
            measured=[2, 1, 2, 1, 2, 1], held_out_r=[0.6, 0.5, np.nan, 0.4, 0.3, 0.2], held_out=2
        ),
        cells=pd.DataFrame(
            {
                "cell": CELLS,
                "lineage": ["skin", "breast", ""],
                "measured": 3,
                "held_out_r": [0.5, 0.6, np.nan],
            }
        ),
        genes=landmarks()[["entrez", "symbol"]].iloc[:genes].set_axis(["gene", "symbol"], axis=1),
        profiles=table,
        dropped=DROPPED,
        units=by_gene,
        ranks=np.ascontiguousarray(ranks.T),
        unit_profile=lambda position: by_gene[:, position],
        values_of=lambda gene: by_gene[gene],
    )
