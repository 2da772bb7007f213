"""The job that judges a fold: what it reads, what stands in its tables, what it refuses."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from judged_world import METHODS, RUNS, SEEDS, TARGET, judged_world, the_judged_world
from scipy.stats import pearsonr

from lacuna.errors import LacunaError
from lacuna.io import hdf5
from lacuna.io.tsv import read_table, write_table
from lacuna.single_cell.interface import CONDITION, Fold, Predicted
from lacuna.single_cell.judge import CHANCE, Truth, scores
from lacuna.single_cell.judge_jobs import COLUMNS, EXAMPLES, judge_unseen, kind_of, read_vectors
from lacuna.single_cell.seen import seen_of


@pytest.fixture(scope="module")
def judged(tmp_path_factory):
    return the_judged_world(tmp_path_factory)


def table_of(path):
    return read_table(path).fillna({"start": ""})


def judge(judged, tmp_path, methods=("line_mean",), predicted=(), distances=(), **files):
    fold = judged.folds[0]
    output = {name: str(tmp_path / f"{name}.tsv") for name in ("scores", "examples")}
    given = {"fold": fold, "drugs": judged.drugs, "encoded": judged.encoded} | files
    judge_unseen(
        given, dict(predicted), dict(distances), output,
        target=TARGET, methods=methods, options={}, seed=1,
    )  # fmt: skip
    return table_of(output["scores"]), table_of(output["examples"])


def test_all_methods_and_runs_are_judged_on_the_same_conditions(judged):
    for number, path in enumerate(judged.scores):
        table = table_of(path)
        assert list(table) == COLUMNS
        assert set(table["target"]) == {TARGET}
        assert set(table["split"]) == {"drugs"}
        assert set(table["fold"]) == {f"drugs_{number}"}
        assert set(table["method"]) == {CHANCE, *METHODS, "rdkit"}
        runs = table[table["start"] != ""].groupby(["method", "start", "seed"]).size()
        assert set(runs.index) == {(*run, seed) for run in RUNS for seed in SEEDS}
        assert table["value"].notna().all()
        counts = table[table["metric"] == "pearson"].groupby(["method", "start", "seed", "genes"])
        assert set(counts.size()) == {8 * 2 * 2}
        assert not table.duplicated([*COLUMNS[:-1]]).any()


def test_scores_are_stored_without_a_lower_bound(judged):
    table = pd.concat(map(table_of, judged.scores))
    r2 = table[table["metric"] == "r2_mean"]
    assert (r2.query("method == 'control' and genes == 'deg'")["value"] < 0).any()


def test_a_value_of_a_network_is_what_a_hand_computes(judged):
    fold = Fold.load(judged.folds[0])
    run = ("rdkit", "overlap", 1)
    made = Predicted.load(judged.made["drugs_0"][run]["predicted"])
    table = table_of(judged.scores[0])
    own = table[(table["start"] == "overlap") & (table["seed"] == 1) & (table["genes"] == "all")]
    found = own[own["metric"] == "pearson"].set_index(CONDITION)["value"]
    row = 11
    condition = tuple(made.conditions.iloc[row])
    at = (fold.conditions[CONDITION] == list(condition)).all(axis=1).to_numpy()
    assert found[condition] == pytest.approx(
        pearsonr(made.mean[row], fold.mean[at][0])[0], abs=1e-5
    )


def test_the_ceiling_is_the_mean_of_both_halves(judged):
    fold = Fold.load(judged.folds[0])
    seen = seen_of(fold, {})
    truth = Truth.of(fold, seen, "cells")
    expected = []
    for half in (0, 1):
        part = replace(truth.compared, measured=truth.halves[half].astype(float))
        other = Predicted(truth.conditions, truth.halves[1 - half], truth.halves[0] * np.nan)
        made = replace(truth, compared=part)
        found = scores(made, made.with_predicted(other, "half"))
        expected.append(found[(found["metric"] == "r2_mean") & (found["genes"] == "all")]["value"])
    table = table_of(judged.scores[0]).query(
        "method == 'other_half' and metric == 'r2_mean' and genes == 'all'"
    )
    np.testing.assert_allclose(
        table.set_index(CONDITION)["value"].sort_index(),
        pd.Series(
            np.mean([part.to_numpy() for part in expected], axis=0),
            pd.MultiIndex.from_frame(truth.conditions[CONDITION]),
        ).sort_index(),
        atol=1e-5,
    )
    assert (table["value"] < 1).all()


def test_distances_are_of_runs_and_of_untreated_cells(judged):
    table = pd.concat(map(table_of, judged.scores))
    rows = table[table["metric"] == "e_distance"]
    of = rows.groupby(["method", "start", "seed"])["value"].unique().map(list)
    assert of["rdkit", "overlap", 1] == [2.0]
    assert of["control", "", 0] == [2.0]  # of the first run, once
    assert len(rows) == 2 * 32 * 5


def test_doses_of_many_digits_find_their_distances(judged, tmp_path):
    fold = Fold.load(judged.folds[0])
    conditions = fold.conditions.assign(dose=fold.conditions["dose"] / 3)
    degs = fold.degs.assign(dose=fold.degs["dose"] / 3)
    replace(fold, conditions=conditions, degs=degs).save(tmp_path / "fold.h5")
    run = ("rdkit", "scratch", 0)
    files = judged.made["drugs_0"][run]
    made = Predicted.load(files["predicted"])
    thirds = made.conditions.assign(dose=made.conditions["dose"] / 3)
    Predicted(thirds, made.mean, made.variance).save(tmp_path / "predicted.h5")
    distances = read_table(files["distances"])
    write_table(distances.assign(dose=distances["dose"] / 3), tmp_path / "distances.tsv")
    table, _ = judge(
        judged, tmp_path, fold=str(tmp_path / "fold.h5"),
        predicted={run: str(tmp_path / "predicted.h5")},
        distances={run: str(tmp_path / "distances.tsv")},
    )  # fmt: skip
    assert (table["metric"] == "mmd").sum() == 32
    assert (table["genes"] == "deg").any()


def test_examples_are_the_best_and_the_worst_drug(judged):
    table = table_of(judged.examples[0])
    assert list(table) == EXAMPLES
    own = table[(table["start"] == "overlap")]
    assert list(dict.fromkeys(own["which"])) == ["best", "worst"]
    whole = table_of(judged.scores[0])
    r = whole[(whole["metric"] == "change_pearson") & (whole["genes"] == "deg")]
    r = r[(r["start"] == "overlap") & (r["seed"] == 0) & (r["dose"] == 10)]
    of_drug = r.groupby("drug")["value"].mean()
    assert set(own[own["which"] == "best"]["drug"]) == {of_drug.idxmax()}
    assert set(own[own["which"] == "worst"]["drug"]) == {of_drug.idxmin()}
    assert set(own["dose"]) == {10}
    assert len(own) == 2 * 2 * 10  # drugs, lines, listed genes
    fold = Fold.load(judged.folds[0])
    row = own.iloc[13]
    at = (fold.conditions[CONDITION] == list(row[CONDITION])).all(axis=1).to_numpy()
    gene = fold.genes.get_loc(row["gene"])
    assert row["measured"] == pytest.approx(fold.mean[at][0][gene], rel=1e-5)
    assert row["low"] < row["predicted"] < row["high"]
    own_list = fold.degs[(fold.degs[CONDITION] == list(row[CONDITION])).all(axis=1)]
    assert own_list.set_index("gene")["rank"][row["gene"]] == row["rank"]


def test_without_a_network_there_are_scores_and_no_examples(judged, tmp_path):
    table, examples = judge(judged, tmp_path)
    assert set(table["method"]) == {CHANCE, "line_mean"}
    assert list(examples) == EXAMPLES
    assert examples.empty


def test_without_halves_the_ceiling_is_left_out_and_said(judged, tmp_path, capsys):
    fold = Fold.load(judged.folds[0])
    replace(fold, halves=fold.halves * np.nan).save(tmp_path / "fold.h5")
    table, _ = judge(judged, tmp_path, ["other_half", "control"], fold=str(tmp_path / "fold.h5"))
    assert set(table["method"]) == {CHANCE, "control"}
    assert "other_half: no condition of drugs_0 has cells enough" in capsys.readouterr().out


def test_what_was_observed_once_are_signatures(judged):
    fold = Fold.load(judged.folds[0])
    assert kind_of(fold) == "cells"
    once = fold.conditions.assign(observations=1)
    assert kind_of(replace(fold, conditions=once)) == "signatures"


def test_vectors_are_found_by_structure_not_by_order(judged):
    vectors = read_vectors(judged.encoded, judged.drugs)["morgan"]
    content = hdf5.load(judged.encoded["morgan"])
    table = read_table(judged.drugs).set_index("drug")
    for drug in ("drug_0", "drug_17"):
        at = list(content["smiles"].astype(str)).index(table.loc[drug, "smiles"])
        np.testing.assert_array_equal(vectors.loc[drug], content["vectors"][at])


def test_a_network_that_knows_no_drug_of_the_test_is_left_out_and_said(judged, tmp_path, capsys):
    made = Predicted.load(judged.made["drugs_0"]["rdkit", "scratch", 0]["predicted"])
    fold = Fold.load(judged.folds[0])
    kept = ~made.conditions["drug"].isin(fold.held_out).to_numpy()
    some = Predicted(made.conditions[kept].reset_index(drop=True), made.mean[kept],
                     made.variance[kept])  # fmt: skip
    some.save(tmp_path / "some.h5")
    run = ("rdkit", "scratch", 0)
    scores, examples = judge(judged, tmp_path, predicted={run: str(tmp_path / "some.h5")})
    assert set(scores["method"]) == {"line_mean", CHANCE}
    assert examples.empty
    assert f"says nothing of {len(fold.held_out)} test drugs" in capsys.readouterr().out


def test_drugs_without_a_structure_have_no_vector(judged, tmp_path):
    """As all of a target have none that does not know structures."""
    table = read_table(judged.drugs)
    table.loc[table["drug"].isin(["drug_0", "drug_17"]), "smiles"] = ""
    write_table(table, tmp_path / "drugs.tsv")
    vectors = read_vectors(judged.encoded, tmp_path / "drugs.tsv")["morgan"]
    assert np.isnan(vectors.loc[["drug_0", "drug_17"]]).all(axis=None)
    assert np.isfinite(vectors.drop(["drug_0", "drug_17"])).all(axis=None)
    scores, _ = judge(judged, tmp_path, drugs=str(tmp_path / "drugs.tsv"))
    assert {"line_mean", CHANCE} == set(scores["method"])


def test_what_does_not_belong_together_is_refused(judged, tmp_path):
    content = hdf5.load(judged.encoded["morgan"])
    few = {"smiles": content["smiles"][1:], "vectors": content["vectors"][1:]}
    hdf5.save(tmp_path / "few.h5", few)
    with pytest.raises(LacunaError, match=r"few.h5: no vector of 1 drugs of .*such as drug_"):
        judge(judged, tmp_path, encoded={"morgan": str(tmp_path / "few.h5")})
    other = judged.made["drugs_1"]["rdkit", "scratch", 0]["predicted"]
    made = Predicted.load(other)
    less = Predicted(made.conditions[1:].reset_index(drop=True), made.mean[1:], made.variance[1:])
    less.save(tmp_path / "less.h5")
    with pytest.raises(LacunaError, match="rdkit / scratch / 0 does not predict 1 of 32"):
        judge(judged, tmp_path, predicted={("rdkit", "scratch", 0): str(tmp_path / "less.h5")})
    with pytest.raises(LacunaError, match="unknown method 'mean'"):
        judge(judged, tmp_path, ["mean"])


def test_a_network_is_judged_on_the_drugs_that_its_table_has(judged, tmp_path, capsys):
    run = ("rdkit", "scratch", 0)
    whole = Predicted.load(judged.made["drugs_0"][run]["predicted"])
    tested = Fold.load(judged.folds[0]).held_out
    kept = (whole.conditions["drug"] != tested[0]).to_numpy()
    part = Predicted(
        whole.conditions[kept].reset_index(drop=True), whole.mean[kept], whole.variance[kept]
    )
    part.save(tmp_path / "part.h5")
    paths = {"whole": judged.made["drugs_0"][run]["predicted"], "part": str(tmp_path / "part.h5")}
    found = {}
    for name, path in paths.items():
        table, _ = judge(judged, tmp_path, predicted={run: path})
        found[name] = table[(table["method"] == "rdkit") & (table["metric"] == "change_pearson")]
    assert f"1 test drugs ('{tested[0]}')" in capsys.readouterr().out
    of_whole = found["whole"][found["whole"]["drug"] != tested[0]]
    assert len(of_whole) < len(found["whole"])
    np.testing.assert_array_equal(found["part"]["value"], of_whole["value"])


def test_the_same_seed_gives_the_same_bytes(judged, tmp_path):
    again = judged_world(tmp_path)
    for first, second in zip(
        [*judged.scores, *judged.examples, *judged.output.values()],
        [*again.scores, *again.examples, *again.output.values()],
        strict=True,
    ):
        assert Path(first).read_bytes() == Path(second).read_bytes()
