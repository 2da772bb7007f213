"""Small folds of the stage single_cell whose truth is known."""

import numpy as np
import pandas as pd

from lacuna.single_cell.interface import CONTROL, STATISTICS, TEST, TRAINING, VALIDATION, Fold

LINES, DOSES = ("A549", "K562"), (0.1, 10.0)


def planted_fold(
    rng,
    *,
    drugs=24,
    held_out=5,
    validating=3,
    genes=60,
    bits=16,
    noise=0.05,
    common=1.0,
    own=1.0,
    lines=LINES,
    doses=DOSES,
    listed=10,
    name="drugs_0",
):
    """Make a fold whose drugs do what their fingerprints say, and its fingerprints.

    The change of a drug is that of all drugs and its own, which is linear in its bits; both grow
    with the dose. Controls and conditions of 40 cells have noise of known size.
    """
    names = [f"drug_{number}" for number in range(drugs)]
    vectors = (rng.random((drugs, bits)) < 0.4).astype(np.float32)
    effect = (vectors - vectors.mean(axis=0)) @ rng.normal(size=(bits, genes)) / np.sqrt(bits)
    shared = rng.normal(size=genes)
    rows, means, halves = [], [], []

    def add(drug, line, dose, role, truth, cells=40):
        both = truth + np.sqrt(2) * noise * rng.normal(size=(2, genes)) * np.sqrt(40 / cells)
        rows.append([drug, line, dose, drug == CONTROL, role, cells])
        means.append(both.mean(axis=0))
        halves.append(both)

    for line in lines:
        basal = 3 * rng.random(genes)
        # the change of all drugs, and how strongly a line answers, are of the line
        answer = shared + 0.5 * rng.normal(size=genes)
        for role, cells in ((TRAINING, 400), (VALIDATION, 40), (TEST, 440)):
            add(CONTROL, line, 0.0, role, basal, cells)
        for dose in doses:
            strength = np.log10(dose / min(doses) + 1)
            for number, drug in enumerate(names):
                role = (
                    TEST
                    if number < held_out
                    else VALIDATION
                    if number < held_out + validating
                    else TRAINING
                )
                change = strength * (common * answer + own * effect[number])
                add(drug, line, dose, role, basal + change)
    conditions = pd.DataFrame(rows, columns=[*STATISTICS[:4], "role", "observations"])[STATISTICS]
    mean = np.array(means, np.float32)
    fold = Fold(
        name,
        conditions["role"].to_numpy(object),
        pd.Index([f"G{number}" for number in range(genes)]),
        genes // 2,
        names[:held_out],
        pd.DataFrame(),
        conditions,
        mean,
        np.full(mean.shape, 0.5, np.float32) * rng.uniform(0.5, 1.5, genes).astype(np.float32),
        np.array(halves, np.float32).transpose(1, 0, 2),
    )
    made = Fold(**{**vars(fold), "degs": lists_of_changes(fold, listed)})
    return made, {"morgan": pd.DataFrame(vectors, names)}


def lists_of_changes(fold, number):
    """List the genes that change most against the line's test control, by dose and pooled."""
    table = fold.conditions
    control = {
        row.line: fold.mean[row.Index]
        for row in table.itertuples()
        if row.control and row.role == TEST
    }
    change = np.abs(fold.mean - np.array([control[line] for line in table["line"]]))
    drugs = table.index[~table["control"]]
    rows = []

    def add(drug, line, dose, size):
        for rank, gene in enumerate(np.argsort(-size, kind="stable")[:number]):
            rows.append([drug, line, dose, fold.genes[gene], rank])

    for row in drugs:
        add(table["drug"][row], table["line"][row], table["dose"][row], change[row])
    for (drug, line), part in table.loc[drugs].groupby(["drug", "line"]):
        add(drug, line, np.nan, change[part.index].mean(axis=0))
    return pd.DataFrame(rows, columns=["drug", "line", "dose", "gene", "rank"])


def signature_fold(rng, **sizes):
    """Make a fold of signatures: one observation each, and training means as controls."""
    fold, vectors = planted_fold(rng, **{"doses": (1.0,), "validating": 0} | sizes)
    table = fold.conditions
    kept = np.flatnonzero(~table["control"] | (table["role"] == TRAINING))
    mean, conditions = fold.mean[kept].copy(), table.iloc[kept].reset_index(drop=True)
    for row in np.flatnonzero(conditions["control"]):
        same = (conditions["line"] == conditions["line"][row]) & (conditions["role"] == TRAINING)
        mean[row] = mean[same & ~conditions["control"]].mean(axis=0)
    conditions["observations"] = 1
    halves = np.full((2, *mean.shape), np.nan, np.float32)
    changes = {"conditions": conditions, "mean": mean, "halves": halves, "role": fold.role[kept]}
    return Fold(**{**vars(fold), **changes, "variance": np.zeros_like(mean)}), vectors
