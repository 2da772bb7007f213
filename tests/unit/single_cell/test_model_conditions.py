"""Conditions are predicted from controls that were measured, in the genes of the fold."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from planted_cells import planted_cells
from tiny_trained import DRUGS, FULL, MODEL, TINY, V1, VECTORS, WORLD, fit

from lacuna.errors import LacunaError
from lacuna.single_cell.interface import (
    CONTROL,
    GIVEN,
    SEEN,
    TEST,
    TRAINING,
    UNUSED,
    VALIDATION,
    Fold,
)
from lacuna.single_cell.model.base import Base
from lacuna.single_cell.model.conditions import Conditions, predict_conditions
from lacuna.single_cell.model.train import train


def fold(world=WORLD, test_line=None, **parts):
    """A fold: the last two drugs are tested, every fourth control validates, as many judge."""
    obs = world.observations.obs.reset_index(drop=True)
    role = np.full(len(obs), TRAINING, dtype=object)
    role[obs["drug"].isin(world.drugs[-2:])] = TEST
    controls = np.flatnonzero(obs["control"])
    role[controls[::4]] = VALIDATION
    role[controls[2::4]] = TEST
    if test_line:
        role[obs["line"] == test_line] = TEST
        given = np.flatnonzero(obs["control"] & (obs["line"] == test_line))[::2]
        role[given] = GIVEN
    role[controls[1:2]] = UNUSED
    table = obs.assign(role=role).groupby(["drug", "line", "dose", "control", "role"])
    conditions = table.size().rename("observations").reset_index()
    mean = np.stack([world.observations.rows(at).mean(axis=0) for at in table.indices.values()])
    return Fold(
        **{"name": "drugs_0", "role": role, "genes": world.observations.genes, "shared": 0,
           "held_out": world.drugs[-2:], "degs": pd.DataFrame(), "conditions": conditions,
           "mean": mean, "variance": mean, "halves": mean[None], **parts}
    )  # fmt: skip


WANTED = pd.DataFrame(
    [("drug 6", "line 1", 10.0), ("drug 7", "line 0", 0.1), (CONTROL, "line 1", 0.0)],
    columns=["drug", "line", "dose"],
)


@pytest.mark.parametrize(("model", "how"), [(MODEL, "line"), (FULL, "line"), (V1, "pooled")])
def test_a_condition_is_the_mean_over_its_controls(model, how):
    """Own line: all its controls that are seen. Pooled: those that validate, of all lines."""
    cut = fold()
    found = predict_conditions(model, WORLD.observations, cut, WANTED, WORLD.molecules)
    assert found.conditions.equals(WANTED)
    obs, control = WORLD.observations.obs, WORLD.observations.obs["control"].to_numpy()
    for row, (drug, line, dose) in enumerate(WANTED.itertuples(index=False)):
        if how == "line":
            cells = control & (obs["line"] == line).to_numpy() & np.isin(cut.role, SEEN)
        else:
            cells = control & (cut.role == VALIDATION)
        rows = WORLD.observations.rows(np.flatnonzero(cells))
        mean, variance = model.predict(rows, WORLD.molecules.of_names([drug]), [dose], line)
        np.testing.assert_allclose(found.mean[row], mean.mean(axis=0), atol=1e-5)
        expected = variance.mean(axis=0)
        if how == "line":  # corrected: and the variance of the means
            expected = expected + mean.var(axis=0)
        np.testing.assert_allclose(found.variance[row], expected, rtol=1e-3, atol=1e-6)


def test_a_line_without_controls_of_its_own_is_not_moved_by_those_of_others():
    obs = WORLD.observations.obs
    cut = fold()
    cut.role[(obs["line"] == "line 1") & obs["control"]] = UNUSED
    full, plain = (
        predict_conditions(model, WORLD.observations, cut, WANTED, WORLD.molecules).mean
        for model in (FULL, MODEL)
    )
    assert np.array_equal(full[[0, 2]], plain[[0, 2]])
    assert not np.array_equal(full[1], plain[1])


def test_genes_come_in_the_order_of_the_fold_and_too_few_are_refused():
    order = WORLD.observations.genes[::-1]
    whole = predict_conditions(MODEL, WORLD.observations, fold(), WANTED, WORLD.molecules)
    turned = predict_conditions(
        MODEL, WORLD.observations, fold(genes=order), WANTED, WORLD.molecules
    )
    assert np.array_equal(turned.mean, whole.mean[:, ::-1])
    some = predict_conditions(
        MODEL, WORLD.observations, fold(genes=order[:4]), WANTED, WORLD.molecules
    )
    assert np.array_equal(some.mean, turned.mean[:, :4])
    with pytest.raises(LacunaError, match=r"says nothing of 1 genes of the fold \('NEW'\)"):
        predict_conditions(MODEL, WORLD.observations, fold(genes=order.insert(0, "NEW")), WANTED,
                           WORLD.molecules)  # fmt: skip


def test_genes_that_data_lack_are_the_mean_of_controls_and_many_are_refused(capsys):
    class Fewer:
        """The same cells, some genes of which were not measured."""

        kind, obs, drugs = "cells", WORLD.observations.obs, WORLD.observations.drugs
        has_counts = False

        def __init__(self, missing):
            self.genes = WORLD.observations.genes[missing:]

        def rows(self, positions, genes=None):
            return WORLD.observations.rows(positions, genes)

    cut = fold()
    found = predict_conditions(MODEL, Fewer(2), cut, WANTED, WORLD.molecules)
    assert "2 of 20 genes are missing" in capsys.readouterr().out
    control = np.flatnonzero(WORLD.observations.obs["control"].to_numpy() & np.isin(cut.role, SEEN))
    base = Conditions(MODEL, Fewer(2), cut, WORLD.molecules).base
    assert np.array_equal(base.rows[:, :2], np.tile(MODEL.typical[:2], (len(control), 1)))
    trained = WORLD.observations.rows(np.flatnonzero(WORLD.observations.obs["control"]))
    np.testing.assert_allclose(MODEL.typical, trained.mean(axis=0), atol=1e-5)
    whole = predict_conditions(MODEL, WORLD.observations, cut, WANTED, WORLD.molecules)
    assert not np.array_equal(found.mean, whole.mean)
    with pytest.raises(LacunaError, match=r"lack 3 of the model's 20 genes.*at most 10%"):
        predict_conditions(MODEL, Fewer(3), cut, WANTED, WORLD.molecules)


def test_a_held_out_line_starts_from_the_controls_that_are_given_by_either_embedding():
    kept = WORLD.examples(DRUGS)
    kept = replace(kept, lines=kept.lines[:2], **{
        name: getattr(kept, name)[kept.line < 2]
        for name in ("positions", "drug", "dose", "line", "control")
    })  # fmt: skip
    cut = fold(test_line="line 2")
    wanted = WANTED.assign(line="line 2")
    found = {}
    for how in ("mean", "fitted"):
        model = train(kept, None, np.random.default_rng(0), **TINY, new_lines=how)
        found[how] = predict_conditions(model, WORLD.observations, cut, wanted, WORLD.molecules)
        own = np.flatnonzero(cut.role == GIVEN)
        rows = WORLD.observations.rows(own)
        line = "line 2" if how == "mean" else model.fit_line(Base(rows, rows[:, 0]))
        mean, _ = model.predict(rows, VECTORS[6:7], [10.0], line)
        np.testing.assert_allclose(found[how].mean[0], mean.mean(axis=0), atol=1e-5)
    assert np.abs(found["mean"].mean - found["fitted"].mean).max() > 0.01


def test_signatures_start_from_the_mean_of_their_line():
    world = planted_cells(drugs=8, cells=1, controls=0, doses=(1.0,), kind="signatures", genes=20,
                          descriptors=6)  # fmt: skip
    model = fit(world)
    examples = world.examples(DRUGS[:6])
    means = np.stack([examples.rows(np.flatnonzero(examples.line == n)).mean(axis=0)
                      for n in range(3)])  # fmt: skip
    np.testing.assert_allclose(model.typical, means.mean(axis=0), atol=1e-5)
    cut = fold(world)
    rows = [(CONTROL, f"line {line}", 0.0, True, TRAINING, 6) for line in range(3)]
    cut = replace(
        cut,
        conditions=pd.concat([cut.conditions, pd.DataFrame(rows, columns=cut.conditions.columns)],
                             ignore_index=True),
        mean=np.concatenate([cut.mean, means]).astype(np.float32),
    )  # fmt: skip
    wanted = WANTED.iloc[:2].assign(dose=1.0)
    found = predict_conditions(model, world.observations, cut, wanted, world.molecules)
    mean, variance = model.predict(means[1:2], world.table.to_numpy()[6:7], [1.0], "line 1")
    np.testing.assert_allclose(found.mean[0], mean[0], atol=1e-5)
    np.testing.assert_allclose(found.variance[0], variance[0], rtol=1e-3)


@pytest.mark.parametrize("likelihood", ["gaussian", "negative_binomial"])
def test_cells_are_drawn_from_what_is_predicted(likelihood):
    model = fit(likelihood=likelihood, epochs=20)
    conditions = Conditions(model, WORLD.observations, fold(), WORLD.molecules)
    condition = ("drug 6", "line 1", 10.0)
    cells = [conditions.draw(*condition, 100, np.random.default_rng(seed)) for seed in range(200)]
    own = WORLD.observations.obs["control"] & (WORLD.observations.obs["line"] == "line 1")
    seen = (own & np.isin(fold().role, SEEN)).sum()
    assert {each.shape for each in cells} == {(seen, 20)}
    drawn = np.concatenate(cells)
    wanted = WANTED.iloc[:1]
    expected = conditions.predict(wanted)
    error = np.sqrt(expected.variance[0] / len(drawn))
    assert (np.abs(drawn.mean(axis=0) - expected.mean[0]) < 6 * error + 0.01).all()
    np.testing.assert_allclose(drawn.var(axis=0), expected.variance[0], rtol=0.25, atol=0.01)
    assert conditions.draw(*condition, 5, np.random.default_rng(0)).shape == (5, 20)
    again = conditions.draw(*condition, 100, np.random.default_rng(0))
    assert np.array_equal(again, cells[0])
