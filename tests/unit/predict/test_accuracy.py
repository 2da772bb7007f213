"""What held-out drugs say of new ones, against definitions written out."""

import numpy as np
import pandas as pd
import pytest
from structured import FOLDS, hold_out_drugs, screen

from lacuna.errors import LacunaError
from lacuna.evaluation.held_out import held_out_order
from lacuna.evaluation.splits import fold_table
from lacuna.io.tsv import write_table
from lacuna.predict import accuracy as a
from lacuna.predict.said import (
    NO_BETTER,
    NOT_HELD_OUT,
    accuracy_sentence,
    general_sentences,
    verdict,
)
from lacuna.structures.fingerprints import structure_similarity


@pytest.fixture(scope="module")
def world():
    tensor, side, _ = screen()
    return tensor, side, *hold_out_drugs(tensor, side)[:2]


def measured_of(world, **changes):
    tensor, side, fold, scores = world
    given = {"pearson": scores["pearson"].to_numpy(), "smiles": side.smiles} | changes
    rng = np.random.default_rng(0)
    return a.accuracy_by_similarity(tensor, fold, given["pearson"], given["smiles"], rng)


def test_the_cell_s_mean_is_that_of_its_training_profiles(world):
    tensor, _, fold, _ = world
    found = a.cell_mean_pearson(tensor, fold)
    for place, row in enumerate(held_out_order(fold)):
        others = (fold != fold[row]) & (tensor.cell == tensor.cell[row])
        mean = tensor.profiles[others].astype(float).mean(axis=0)
        expected = np.corrcoef(mean, tensor.profiles[row])[0, 1]
        assert found[place] == pytest.approx(expected, abs=1e-5)


def test_all_held_out_profiles_come_first_then_ranges_of_similarity(world, monkeypatch):
    monkeypatch.setattr(a, "LEAST_PROFILES", 5)
    monkeypatch.setattr(a, "LEAST_DRUGS", 5)
    tensor, side, fold, scores = world
    table = measured_of(world)
    order = held_out_order(fold)
    assert table["profiles"].iloc[0] == len(tensor)
    assert table["drugs"].iloc[0] == len(np.unique(tensor.drug))
    assert table["r"].iloc[0] == pytest.approx(scores["pearson"].mean())
    lead = scores["pearson"].to_numpy() - a.cell_mean_pearson(tensor, fold)
    assert table["lead"].iloc[0] == pytest.approx(lead.mean())
    alike = structure_similarity(side.smiles)
    np.fill_diagonal(alike, 0)
    trained = [np.unique(tensor.drug[fold != fold[row]]) for row in order]
    places = zip(tensor.drug[order], trained, strict=True)
    nearest = np.array([round(float(alike[drug, others].max()), 6) for drug, others in places])
    for row in table.iloc[1:].itertuples():
        inside = (nearest >= row.above) & ((nearest < row.to) | (row.to == 1))
        assert row.profiles == inside.sum()
        assert row.r == pytest.approx(scores["pearson"].to_numpy()[inside].mean())
        assert row.r_low <= row.r <= row.r_high
    assert len(table) > 2
    assert table["profiles"].iloc[1:].sum() == len(tensor)
    assert table["above"].tolist()[2:] == table["to"].tolist()[1:-1]
    assert (table["above"].iloc[1], table["to"].iloc[-1]) == (0, 1)


def test_ranges_with_few_profiles_or_drugs_are_joined_with_the_next(monkeypatch):
    monkeypatch.setattr(a, "LEAST_PROFILES", 4)
    monkeypatch.setattr(a, "LEAST_DRUGS", 2)
    nearest = np.array([0.1, 0.1, 0.35, 0.35, 0.45, 0.45, 0.45, 0.45, 0.8, 0.8, 1.0, np.nan])
    drug = np.array([0, 0, 1, 1, 2, 2, 2, 2, 3, 4, 5, 6])
    found = a.similarity_ranges(nearest, drug)
    assert [(above, to) for above, to, _ in found] == [(0, 0.4), (0.4, 1)]
    assert [np.flatnonzero(inside).tolist() for *_, inside in found] == [
        [0, 1, 2, 3],
        [4, 5, 6, 7, 8, 9, 10],
    ]
    monkeypatch.setattr(a, "LEAST_PROFILES", 3)
    found = a.similarity_ranges(nearest, drug)
    assert [(above, to) for above, to, _ in found] == [(0, 0.4), (0.4, 1)]  # of one drug is too few
    drug[7] = 8
    found = a.similarity_ranges(nearest, drug)
    assert [(above, to) for above, to, _ in found] == [(0, 0.4), (0.4, 0.5), (0.5, 1)]
    nearest[8:11] = [0.9, np.nan, np.nan]  # what is left at the end goes to the last range
    *_, (above, to, inside) = a.similarity_ranges(nearest, drug)
    assert (above, to, np.flatnonzero(inside).tolist()) == (0.4, 1, [4, 5, 6, 7, 8])
    monkeypatch.setattr(a, "LEAST_PROFILES", 100)
    assert a.similarity_ranges(nearest, drug) == []


def test_without_structures_there_are_no_ranges(world):
    assert len(measured_of(world, smiles=None)) == 1


def test_the_interval_is_over_drugs(world):
    tensor, _, fold, _ = world
    of_drug = np.where(tensor.drug[held_out_order(fold)] % 2, 0.9, 0.1)
    row = measured_of(world, pearson=of_drug).iloc[0]
    drugs = len(np.unique(tensor.drug))
    assert row["r_high"] - row["r_low"] == pytest.approx(2 * 1.96 * 0.4 / np.sqrt(drugs), rel=0.2)


@pytest.mark.parametrize(
    ("tanimoto", "above"),
    [(0.1, np.nan), (0.3, 0.3), (np.float32(0.3), 0.3), (0.39, 0.3), (0.4, np.nan), (1.0, 0.7)],
)
def test_a_drug_is_told_what_drugs_as_near_reached(tanimoto, above):
    table = pd.DataFrame({"above": [np.nan, 0.3, 0.7], "to": [np.nan, 0.4, 1.0], "r": 0.5})
    found = a.row_for(table, tanimoto)["above"]
    assert found == above or (np.isnan(found) and np.isnan(above))
    assert a.row_for(table.iloc[:0], tanimoto) is None


def test_predictions_as_good_as_the_mean_are_no_better(world):
    tensor, _, fold, _ = world
    mean = a.cell_mean_pearson(tensor, fold)
    noise = 0.05 * np.random.default_rng(0).normal(size=len(mean))
    row = next(measured_of(world, pearson=mean + noise).itertuples())
    assert verdict(row) == NO_BETTER
    said = accuracy_sentence(row, "Kernel")
    assert NO_BETTER in said
    assert f"{row.r:.3f}" in said and f"{row.cell_mean:.3f}" in said
    assert "72 drugs held out whole" in said
    better = next(measured_of(world).itertuples())
    assert verdict(better) == "better than the cell's mean"
    worse = next(measured_of(world, pearson=mean - 0.3).itertuples())
    assert verdict(worse) == "worse than the cell's mean"
    few = better._replace(lead_low=np.nan)
    assert verdict(few).startswith("too few drugs")


def files_of(folder, tensor, fold, scores):
    write_table(fold_table(tensor.take(np.arange(len(fold))), fold), folder / "folds.tsv")
    write_table(scores, folder / "scores.tsv")
    return {"folds": str(folder / "folds.tsv"), "scores": str(folder / "scores.tsv")}


def test_a_run_that_holds_out_no_drugs_knows_nothing(world):
    tensor, side, *_ = world
    table = a.accuracy_of_run(tensor, side.smiles, {}, 1)
    assert table.empty
    assert list(table) == a.COLUMNS
    assert general_sentences(table, "Kernel") == [NOT_HELD_OUT]


def test_scores_of_another_tensor_are_refused(world, tmp_path):
    tensor, side, fold, scores = world
    found = a.accuracy_of_run(tensor, side.smiles, files_of(tmp_path, tensor, fold, scores), 1)
    assert found["profiles"].iloc[0] == len(tensor)
    assert len(found) > 1
    again = a.accuracy_of_run(tensor, side.smiles, files_of(tmp_path, tensor, fold, scores), 1)
    pd.testing.assert_frame_equal(found, again)
    for given in (scores.iloc[::-1], scores.iloc[:-1]):
        with pytest.raises(LacunaError, match=r"scores.tsv: is not of .*folds.tsv"):
            a.accuracy_of_run(tensor, side.smiles, files_of(tmp_path, tensor, fold, given), 1)
    with pytest.raises(LacunaError, match=r"folds\.tsv: has no row for drug"):
        a.accuracy_of_run(tensor, side.smiles, files_of(tmp_path, tensor, fold[:-1], scores), 1)
    assert FOLDS == 3
