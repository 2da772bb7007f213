"""RNA-seq studies of a drug: their signatures, and how near others come to them."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from lacuna.errors import LacunaError
from lacuna.io.expression import open_expression
from lacuna.io.genes import GeneTable
from lacuna.io.tsv import write_table
from lacuna.translation.differential import Moderated, Scores, compare
from lacuna.translation.normalise import log_cpm
from lacuna.translation.random_signatures import Scored
from lacuna.translation.sources import open_source
from lacuna.translation.studies import (
    METRICS,
    AgainstStudies,
    Study,
    compare_studies,
    study_signature,
)

GENES = [f"G{number:03d}" for number in range(300)]
ASKED = {"study": "S1", "treated": "Dex", "control": "vehicle"}


@pytest.fixture
def counts(tmp_path):
    """Counts of a study of 3 v 3 and of another of 1 v 2; gene 7 is raised, gene 9 lowered."""
    rng = np.random.default_rng(0)
    condition = ["Dex"] * 3 + ["vehicle"] * 3 + ["Dex", "vehicle", "vehicle"]
    table = rng.poisson(rng.gamma(3, 20_000, 300), (9, 300))
    treated = np.array(condition) == "Dex"
    table[np.ix_(treated, [7])] *= 8
    table[np.ix_(treated, [9])] //= 8
    table[:, 11] = 0
    samples = pd.DataFrame({"sample": [f"s{n}" for n in range(9)], "condition": condition})
    samples["study"] = ["S1"] * 6 + ["S2"] * 3
    return SimpleNamespace(folder=tmp_path, reads=table, samples=samples)


def opened(counts, unit="counts", **changes):
    samples = counts.samples.assign(**changes)
    table = pd.DataFrame(counts.reads.T, columns=samples["sample"])
    table.insert(0, "gene", GENES)
    write_table(table, counts.folder / "counts.tsv")
    write_table(samples, counts.folder / "samples.tsv")
    info = pd.DataFrame({"pr_gene_id": range(1, 301), "pr_gene_symbol": GENES, "pr_is_lm": 1})
    write_table(info, counts.folder / "gene_info.txt")
    names = GeneTable.read(None, counts.folder / "gene_info.txt")
    expression = open_expression(counts.folder / "counts.tsv", counts.folder / "samples.tsv")
    return [open_source(expression, unit, names)]


def test_a_study_is_its_treated_samples_against_its_control_samples(counts):
    genes = [*GENES[5:200], "NOWHERE"]
    found = study_signature(ASKED, opened(counts), genes, 0.5)
    kept = [gene for gene in GENES[5:200] if gene != "G011"]  # which nothing expresses
    assert found.genes.tolist() == kept
    assert (found.treated, found.control) == (3, 3)
    at = [GENES.index(gene) for gene in kept]
    values = log_cpm(counts.reads[:6][:, at].astype(float), pd.Index(range(6)))
    expected = compare(values[:3], values[3:], 0.5)
    for method, score in found.scores.by_method().items():
        np.testing.assert_allclose(score, expected.by_method()[method], rtol=1e-4, atol=1e-5)
        assert found.genes[np.argmax(score)] == "G007"
        assert found.genes[np.argmin(score)] == "G009"


@pytest.mark.parametrize(
    ("asked", "changes", "named"),
    [
        ({"study": "S3"}, {}, "of a study 'S3', did you mean 'S1'.*have 'S1', 'S2'"),
        ({"treated": "dex"}, {}, "0 samples have the condition 'dex'.*did you mean.*'Dex'"),
        ({"study": "S2"}, {}, "1 samples have the condition 'Dex' .treated.; expected at least 2"),
        ({}, {"condition": None}, "0 samples have the condition"),
    ],
)
def test_a_study_that_is_not_there_is_named(counts, asked, changes, named):
    with pytest.raises(LacunaError, match=named.replace(", did you mean 'S1'", ".*")):
        study_signature(ASKED | asked, opened(counts, **changes), GENES, 0.5)


def test_a_study_without_counts_is_refused(counts):
    counts.reads = counts.reads / counts.reads.sum(axis=1, keepdims=True) * 1e6
    with pytest.raises(LacunaError, match="has tpm; expected counts"):
        study_signature(ASKED, opened(counts, unit="tpm"), GENES, 0.5)


def test_samples_without_a_condition_are_named(counts):
    counts.samples = counts.samples.drop(columns="condition")
    with pytest.raises(LacunaError, match="no column 'condition'"):
        study_signature(ASKED, opened(counts), GENES, 0.5)


def scores(values):
    """The same scores by all three methods."""
    limma = Moderated(values, values, values, values, 1.0, 1.0, 1.0)
    return Scores(values, values.astype(np.float32), limma)


def planted(agreement, seed=0, draws=50):
    """A drug's two signatures, two studies of it, and random signatures that have nothing of it."""
    rng = np.random.default_rng(seed)
    effect = rng.normal(size=300)
    order = rng.permutation(300)
    studies = [
        Study(name, pd.Index(GENES)[order], scores((effect + rng.normal(size=300))[order]), 3, 3)
        for name in ("one", "two")
    ]
    scored = []
    for _ in range(2):
        own = agreement * effect + rng.normal(size=300)
        random = rng.normal(size=(draws, 300)).astype(np.float32)
        every = dict.fromkeys(("cd", "limma", "fold_change"), random)
        scored.append(Scored({}, scores(own), every))
    return scored, studies


def compared(scored, studies, genes=GENES):
    against = AgainstStudies(genes, GENES[:100], GENES[:180], studies)
    for number, one in enumerate(scored):
        against.add(f"signature {number}", one)
    return pd.concat(against.tables(np.random.default_rng(0)), ignore_index=True)


def test_metrics_are_those_of_their_definitions():
    scored, studies = planted(1.0)
    table = compared(scored, studies)
    assert set(table["universe"]) == {"landmarks", "common", "model_only", "all"}
    for name, chosen in (("landmarks", GENES[:100]), ("model_only", GENES[180:])):
        own = scored[1].scores.fold_change[[GENES.index(gene) for gene in chosen]]
        study = studies[0].scores.fold_change[studies[0].genes.get_indexer(chosen)]
        of_name = table[table["universe"] == name]
        found = of_name.query(
            "method == 'fold_change' and study == 'one' and signature == 'signature 1'"
        ).set_index("metric")
        assert (found["genes"] == len(chosen)).all()
        assert found.loc["pearson", "value"] == pytest.approx(stats.pearsonr(own, study)[0])
        assert found.loc["spearman", "value"] == pytest.approx(stats.spearmanr(own, study)[0])
        count = len(chosen) // 10
        for metric, sign in (("top_raised", 1), ("top_lowered", -1)):
            top = set(np.argsort(-sign * study)[:count])
            height, peak = 0.0, 0.0
            for gene in np.argsort(-sign * own):
                height += 1 / count if gene in top else -1 / (len(chosen) - count)
                peak = max(peak, height)
            assert found.loc[metric, "value"] == pytest.approx(peak)


def test_a_drug_that_agrees_is_beyond_random_wells_and_one_that_does_not_is_not():
    mean = {}
    for agreement in (1.0, 0.0, -1.0):
        table = compared(*planted(agreement))
        rows = table.query("signature == 'mean' and universe == 'all' and method == 'cd'")
        assert (rows["draws"] == 1000).all()
        mean[agreement] = rows.groupby("metric")[["value", "p", "random_high"]].mean()
    assert (mean[1.0]["p"] == 1 / 1001).all()
    assert (mean[1.0]["value"] > mean[1.0]["random_high"]).all()
    assert (mean[0.0]["p"] > 0.02).all()
    # The other sign is no agreement.
    assert (mean[-1.0]["p"] > 0.9).all()
    assert mean[-1.0].loc["pearson", "value"] < -0.3


def test_p_counts_random_values_at_least_as_high():
    scored, studies = planted(0.3)
    own = scored[0].scores.fold_change
    random = np.stack([own, -own, own]).astype(np.float32)
    scored[0] = Scored({}, scored[0].scores, dict.fromkeys(scored[0].random, random))
    found = compared(scored[:1], studies).query("universe == 'all' and signature == 'signature 0'")
    p = found.query("method == 'cd' and metric == 'top_raised'")["p"]
    assert p.tolist() == [3 / 4, 3 / 4]
    none = Scored({}, scored[0].scores, dict.fromkeys(scored[0].random, random[:0]))
    found = compared([none], studies)
    assert found["p"].isna().all()
    assert found["value"].notna().all()


def test_the_order_and_the_choice_of_genes_change_nothing_but_their_number():
    scored, studies = planted(1.0)
    order = np.random.default_rng(3).permutation(300)
    turned = [
        Scored(
            {},
            scores(one.scores.fold_change[order]),
            {m: r[:, order] for m, r in one.random.items()},
        )
        for one in scored
    ]
    plain = compared(scored, studies)
    pd.testing.assert_frame_equal(plain, compared(turned, studies, [GENES[at] for at in order]))
    few = Study("few", pd.Index(GENES[:150]), scores(np.arange(150.0)), 3, 3)
    table = compared(scored, [*studies, few])
    assert set(table.query("universe == 'all'")["genes"]) == {150}  # those that all studies have


def test_studies_are_held_against_each_other_but_not_themselves():
    _, studies = planted(1.0)
    table = pd.concat(compare_studies(GENES, GENES[:100], GENES[:180], studies))
    assert set(zip(table["study"], table["signature"], strict=True)) == {
        ("one", "two"),
        ("two", "one"),
    }
    assert list(table["metric"].unique()) == list(METRICS)
    value = table.query("universe == 'all' and method == 'cd' and metric == 'pearson'")["value"]
    in_order = [study.scores.cd[study.genes.get_indexer(GENES)] for study in studies]
    assert value.tolist() == pytest.approx([stats.pearsonr(*in_order)[0]] * 2)
    assert table["p"].isna().all()
