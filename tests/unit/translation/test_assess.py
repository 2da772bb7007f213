"""Chains are judged beside their baseline and controls, on samples that nobody trained on."""

import numpy as np
import pandas as pd
import pytest
from bilingual import bilingual, translation
from scipy.stats import pearsonr

from lacuna.translation import assess
from lacuna.translation.assess import ALL, BASELINE, LANDMARKS, MEAN, NEW, RANDOM, TRUE, Paired


@pytest.fixture(scope="module")
def judged():
    world = bilingual(np.random.default_rng(12))
    paired = Paired(
        names=pd.Index([f"s{number}" for number in range(50)]),
        seen=world.seen,
        real=world.genome,
        group=np.arange(50) // 2,
        kind=np.array(["a", "b"])[np.arange(50) % 2],
        mean=world.whole.genome.mean(axis=0),
        landmarks_at=np.arange(12),
    )
    models = {names: translation(world, *names) for names in (BASELINE, ("paired_ridge", "ridge"))}
    return models, paired, assess.predictions(models, paired)


def value(table, **where):
    for column, wanted in where.items():
        table = table[table[column] == wanted]
    return table["value"].item()


def test_controls_say_nothing_of_which_sample_it_is(judged):
    _, paired, made = judged
    table = assess.metrics(made, paired, seed=1)
    for kind in (LANDMARKS, NEW, ALL):
        assert value(table, first=MEAN, genes=kind, metric="gene_pearson") == 0
        assert value(table, first=MEAN, genes=kind, metric="identified") == 0
        assert abs(value(table, first=RANDOM, genes=kind, metric="gene_pearson")) < 0.2
        assert value(table, first=RANDOM, genes=kind, metric="identified") <= 0.1
    # And yet they correlate across genes.
    assert value(table, first=MEAN, genes=ALL, metric="pearson") > 0.5
    ours = {"first": "paired_ridge", "genes": ALL}
    assert value(table, **ours, metric="identified") > 0.9
    assert value(table, **ours, metric="better_rmse") > 0.9
    assert table.loc[table["metric"] == "identified", "low"].notna().all()


def test_true_landmarks_show_what_step_2_alone_gets_wrong(judged):
    models, paired, made = judged
    expected = models[BASELINE].steps[1].predict(paired.real[:, :12])
    np.testing.assert_array_equal(made[TRUE, "ridge"], expected)
    table = assess.metrics(made, paired, seed=1)
    best = value(table, first=TRUE, genes=ALL, metric="rmse")
    assert best < value(table, first="ratio", genes=ALL, metric="rmse")


def test_scores_are_of_the_genes_that_they_name(judged):
    _, paired, made = judged
    table = assess.metrics(made, paired, seed=1)
    predicted, real = made["paired_ridge", "ridge"], paired.real
    for kind, genes in ((LANDMARKS, slice(0, 12)), (NEW, slice(12, None)), (ALL, slice(None))):
        expected = np.mean(
            [pearsonr(a, b)[0] for a, b in zip(predicted[:, genes], real[:, genes], strict=True)]
        )
        ours = value(table, first="paired_ridge", genes=kind, metric="pearson")
        assert ours == pytest.approx(expected, rel=1e-5)


def test_leads_over_the_baseline_are_paired(judged):
    _, paired, made = judged
    table = assess.differences(made, paired, seed=1)
    lead = table[(table["first"] == "paired_ridge") & (table["genes"] == ALL)]
    lead = lead.set_index("metric")
    scores = assess.metrics(made, paired, seed=1)
    whole = [value(scores, first=f, genes=ALL, metric="rmse") for f in ("paired_ridge", "ratio")]
    assert lead.loc["rmse", "value"] == pytest.approx(whole[0] - whole[1], abs=1e-6)
    assert lead.loc["rmse", "high"] < 0
    assert lead.loc["pearson", "low"] > 0
    compared = set(zip(table["first"], table["second"], strict=True))
    controls = {(MEAN, MEAN), (RANDOM, RANDOM), (TRUE, "ridge")}
    assert compared == {("paired_ridge", "ridge")} | controls
    assert table.index.is_unique


def test_figure_3_compares_what_the_paper_compares(judged):
    models, paired, made = judged
    rows = {
        (kind, name): (samples, genes)
        for kind, name, samples, genes in assess.comparisons(
            models["paired_ridge", "ridge"], made[BASELINE], paired, np.random.default_rng(0)
        )
    }
    everywhere = {
        "predicted / real",
        "baseline / real",
        "predicted / random real",
        "real / random real",
    }
    raw = {"input / predicted", "input / real"}
    for kind in (LANDMARKS, NEW, ALL):
        assert {name for k, name in rows if k == kind} == everywhere | (
            raw if kind == LANDMARKS else set()
        )
    samples, genes = rows[ALL, "predicted / real"]
    assert list(samples.index) == list(paired.names)
    assert len(genes) == paired.real.shape[1]
    assert samples["rmse"].mean() < rows[ALL, "predicted / random real"][0]["rmse"].mean()
    assert rows[LANDMARKS, "input / real"][0]["rmse"].mean() > samples["rmse"].mean()


def test_intervals_of_stated_width_hold_their_share():
    rng = np.random.default_rng(13)
    error = rng.uniform(0.2, 2, 300)
    real = rng.normal(size=(80, 300)) + np.linspace(0, 9, 300)
    predicted = real + error * rng.normal(size=real.shape)
    table = assess.coverage(predicted, real, error, np.arange(80), seed=1).set_index("tercile")
    assert list(table.index) == ["low", "middle", "high", "all"]
    assert table["value"].between(0.88, 0.92).all()
    wide = assess.coverage(predicted, real, 2 * error, np.arange(80), seed=1)
    assert (wide["value"] > 0.99).all()
