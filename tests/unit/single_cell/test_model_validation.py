"""The score of an epoch is what is written out, on conditions that were not trained on."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from planted_cells import planted_cells
from sklearn.metrics import r2_score

from lacuna.single_cell.model import validation
from lacuna.single_cell.model.base import controls, measured
from lacuna.single_cell.model.train import train
from lacuna.single_cell.model.validation import Scorer, Validation, correlation, r2

TINY = {
    "dimensions": 6, "autoencoder_width": 16, "autoencoder_depth": 1, "doser_width": 8,
    "doser_depth": 1, "encoder_width": 16, "encoder_depth": 1, "adversary_width": 8,
    "adversary_depth": 1, "batch": 64, "epochs": 3, "check_every": 1, "device": "cpu",
    "base_cells": 0,
}  # fmt: skip
WORLD = planted_cells(drugs=6, cells=7, controls=12, genes=70, descriptors=6)
DRUGS, OBS = WORLD.drugs, WORLD.observations.obs
TRAINED, CHECKED = WORLD.examples(DRUGS[:4]), WORLD.examples(DRUGS[4:], controls=3)


def fit(**options):
    return train(TRAINED, None, np.random.default_rng(0), **{**TINY, **options})


def scorer(model, examples=CHECKED, degs=None):
    return Scorer(Validation(examples, degs), TRAINED, model, np.random.default_rng(0))


def cells(drug, line, dose):
    at = (OBS["drug"] == drug) & (OBS["line"] == line) & (OBS["dose"] == dose)
    return WORLD.observations.rows(np.flatnonzero(at)).astype(float)


def base_of(line):
    """Controls that validate: every third observation."""
    at = OBS["control"] & (np.arange(len(OBS)) % 3 == 0)
    if line:
        at &= OBS["line"] == line
    return WORLD.observations.rows(np.flatnonzero(at))


CONDITIONS = [(drug, f"line {line}", dose) for drug in DRUGS[4:] for dose in (0.1, 10.0)
              for line in range(3)]  # fmt: skip


def said(model, pooled):
    """Predict each condition, one by one."""
    found = {}
    for drug, line, dose in CONDITIONS:
        vector = WORLD.table.loc[[WORLD.observations.drugs.loc[drug, "smiles"]]].to_numpy()
        mean, variance = model.predict(base_of("" if pooled else line), vector, [dose], line)
        found[drug, line, dose] = mean.mean(axis=0), variance.mean(axis=0), mean.var(axis=0)
    return found


def test_the_score_of_change_is_the_correlation_of_all_changes_at_once():
    model = fit()
    each = []
    for (drug, line, dose), (mean, _, _) in said(model, pooled=False).items():
        control = base_of(line).astype(float).mean(axis=0)
        truth = cells(drug, line, dose).mean(axis=0) - control
        each.append([row - row.mean() for row in (truth, mean - control)])
    truth, predicted = np.concatenate(each, axis=1)
    expected = truth @ predicted / np.linalg.norm(truth) / np.linalg.norm(predicted)
    assert scorer(model).score(model) == pytest.approx(expected, abs=1e-5)


def published(model, genes_of):
    four = []
    predicted = said(model, pooled=True)
    for which, measure in ((0, "mean"), (1, "var")):
        for all_genes in (True, False):
            each = []
            for key, values in predicted.items():
                genes = slice(None) if all_genes else genes_of(*key)
                truth = getattr(cells(*key), measure)(axis=0)
                each.append(max(r2_score(truth[genes], values[which][genes]), 0))
            four.append(np.mean(each))
    return np.mean(four)


def test_the_published_score_is_the_mean_of_four_r2_from_pooled_controls():
    model = fit(preset="v1", epochs=30, autoencoder_rate=1e-2)

    def most_changed(drug, line, dose):
        change = np.abs(cells(drug, line, dose).mean(axis=0) - base_of(line).mean(axis=0))
        return np.argsort(-change, kind="stable")[:50]

    expected = published(model, most_changed)
    assert expected > 0.05
    assert scorer(model).score(model) == pytest.approx(expected, abs=1e-4)


def test_lists_of_genes_are_those_of_the_fold_by_drug_line_and_dose():
    model = fit(preset="v1", epochs=30, autoencoder_rate=1e-2)
    rows, lists = [], {}
    rng = np.random.default_rng(0)
    for drug, line, dose in CONDITIONS:
        by_dose = drug == DRUGS[4]  # of the other, one list for both doses
        if by_dose or dose == 10.0:
            genes = rng.choice(70, 5, replace=False)
            lists[drug, line, dose if by_dose else None] = genes
            rows += [(drug, line, dose if by_dose else np.nan, f"G{gene}", rank)
                     for rank, gene in enumerate(genes)]  # fmt: skip
    table = pd.DataFrame(rows, columns=["drug", "line", "dose", "gene", "rank"])

    def genes_of(drug, line, dose):
        return lists.get((drug, line, dose), lists.get((drug, line, None)))

    expected = published(model, genes_of)
    assert scorer(model, degs=table).score(model) == pytest.approx(expected, abs=1e-4)


def test_conditions_are_those_of_more_than_five_cells_where_there_are_any():
    rng = np.random.default_rng(0)
    found = measured(CHECKED, 5, 500, rng)
    assert len(found.first) == len(CONDITIONS)
    drug, line = CHECKED.drug[found.first[0], 0], CHECKED.line[found.first[0]]
    dose = round(float(CHECKED.dose[found.first[0], 0]), 1)
    own = cells(CHECKED.molecules.names[drug], CHECKED.lines[line], dose)
    np.testing.assert_allclose(found.mean[0], own.mean(axis=0), atol=1e-6)
    np.testing.assert_allclose(found.variance[0], own.var(axis=0), atol=1e-5)
    fewer = np.ones(len(CHECKED), bool)
    fewer[np.flatnonzero(CHECKED.drug[:, 0] == drug)[1::2]] = False
    some = replace(CHECKED, **{name: getattr(CHECKED, name)[fewer] for name in
                               ("positions", "drug", "dose", "line", "control")})  # fmt: skip
    assert len(measured(some, 5, 500, rng).first) < len(CONDITIONS)
    assert len(measured(CHECKED, 99, 500, rng).first) == len(CONDITIONS)
    assert len(measured(CHECKED, 5, 4, rng).first) == 4
    assert not CHECKED.control[measured(CHECKED, 0, 500, rng).first].any()


def test_controls_are_those_that_validate_and_else_those_of_the_training():
    rng = np.random.default_rng(0)
    line_0 = replace(CHECKED, control=CHECKED.control & (CHECKED.line == 0))
    base = controls([line_0, TRAINED], 0, rng, counted=False)
    assert [(base.line == f"line {n}").sum() for n in range(3)] == [4, 12, 12]
    own = np.flatnonzero(base.line == "line 0")
    np.testing.assert_array_equal(base.rows[own], base_of("line 0"))
    few = controls([CHECKED, TRAINED], 2, rng, counted=False)
    assert len(few.rows) == 6
    assert np.array_equal(few.of("line 1", "line"), [2, 3])
    assert np.array_equal(few.of("line 1", "pooled"), np.arange(6))
    assert np.array_equal(few.of("nowhere", "line"), np.arange(6))


def test_genes_that_all_change_alike_and_constant_truths_count_as_nothing():
    rows = np.array([[1.0, 1, 1], [1, 2, 4], [0, 0, 0]])
    other = np.array([[1.0, 2, 3], [2, 1, 0], [5, 6, 7]])
    found = correlation(rows, other)
    assert found[0] == found[2] == 0
    assert found[1] == pytest.approx(np.corrcoef(rows[1], other[1])[0, 1])
    assert r2(np.ones(4), np.arange(4)) == 0
    truth, guess = np.arange(5.0), np.array([0.0, 1, 2, 3, 9])
    assert r2(truth, guess) == pytest.approx(r2_score(truth, guess))


def test_nothing_to_validate_on_gives_no_score():
    only = replace(CHECKED, control=np.ones(len(CHECKED), bool))
    model = fit()
    assert np.isnan(scorer(model, only).score(model))
    assert validation.MOST_CONDITIONS == 500
