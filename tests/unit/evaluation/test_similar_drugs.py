"""Accuracy without drugs that have a similar one in training."""

from dataclasses import replace

import numpy as np
import pytest
from predicted import noisy_predictions, unit
from rdkit import Chem, DataStructs
from rdkit.Chem.rdFingerprintGenerator import GetMorganGenerator
from scipy.stats import pearsonr
from toy import clustered

from lacuna.evaluation.held_out import held_out_order
from lacuna.evaluation.similar_drugs import (
    MOST_SIMILAR,
    accuracy_without_similar,
    most_similar_drugs,
    nearest_in_training,
)
from lacuna.structures.fingerprints import known_similarity

ALCOHOLS = [f"{'C' * (3 + number % 9)}{'O' if number % 2 else 'N'}" for number in range(24)]


def test_the_nearest_other_drug_of_the_fold_s_training_is_found():
    tensor = clustered(drugs=24)
    smiles = np.array(ALCOHOLS)
    smiles[[2, 5]] = "", "no structure"
    fold = tensor.drug % 4 - 1  # by drug: a quarter is never held out
    found = nearest_in_training(tensor, fold, smiles)
    prints = {
        drug: GetMorganGenerator(radius=2, fpSize=2048).GetFingerprint(Chem.MolFromSmiles(text))
        for drug, text in enumerate(smiles)
        if drug not in (2, 5)
    }
    order = held_out_order(fold)
    assert len(found) == len(order)
    for value, row in zip(found, order, strict=True):
        drug = tensor.drug[row]
        if drug not in prints:
            assert np.isnan(value)
            continue
        trained = {*tensor.drug[fold != fold[row]]} - {drug}
        likeness = [
            DataStructs.TanimotoSimilarity(prints[drug], prints[other])
            for other in trained & {*prints}
        ]
        assert value == pytest.approx(max(likeness), abs=1e-6)
    assert len(np.unique(found)) > 4


def test_a_drug_is_not_compared_with_itself():
    tensor = clustered(drugs=24)
    fold = np.arange(len(tensor)) % 5  # its other profiles are in training
    found = nearest_in_training(tensor, fold, np.array(["CCO", "c1ccccc1", *["CCO"] * 22]))
    benzene = tensor.drug[held_out_order(fold)] == 1
    assert (found[benzene] < 0.5).all()
    assert (found[~benzene] == 1).all()
    assert np.isnan(nearest_in_training(tensor, fold, None)).all()


def test_accuracy_is_of_the_drugs_below_the_threshold():
    held = noisy_predictions(drugs=40)
    nearest = np.array([0.15, 0.3, 0.45, 0.55, 1])[held.drug % 5]
    nearest = np.where(held.drug < 2, np.nan, nearest).astype(np.float32)
    table = accuracy_without_similar(held, nearest, np.random.default_rng(0))
    table = table.set_index("threshold")
    assert list(table.index) == pytest.approx([0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1])
    for threshold, row in table.iterrows():
        rows = np.nan_to_num(nearest, nan=9) < threshold + 0.01
        expected = pearsonr(held.truth[rows].ravel(), unit(held.predicted)[rows].ravel())[0]
        assert row["pct"] == pytest.approx(expected, abs=1e-5)
        assert row["profiles"] == rows.sum()
        assert row["drugs"] == len(np.unique(held.drug[rows]))
        assert row["low"] < row["pct"] < row["high"]


def test_what_is_easy_because_of_twins_is_hard_without_them():
    held = noisy_predictions(drugs=40)
    twin = held.drug % 2 == 0
    predicted = np.where(twin[:, None], held.truth, held.predicted)
    nearest = np.where(twin, 0.95, 0.3)
    table = accuracy_without_similar(
        replace(held, predicted=predicted), nearest, np.random.default_rng(0)
    ).set_index("threshold")
    assert table.index.min() == 0.3  # 0.2 leaves nothing
    assert table.loc[0.9, "high"] < table.loc[1.0, "low"]


def test_without_structures_there_is_nothing_to_tell():
    held = noisy_predictions()
    none = np.full(len(held.truth), np.nan)
    assert accuracy_without_similar(held, none, np.random.default_rng(0)).empty


PAIRS = np.array(["CCCCO", "CCCCN", "c1ccccc1CC", "", "c1ccccc1CCC", "no structure"])


def test_the_most_similar_other_drug_is_found_by_ecfp6():
    names = [f"name {number}" for number in range(6)]
    table = most_similar_drugs(list("abcdef"), names, PAIRS)
    assert list(table) == MOST_SIMILAR
    prints = {
        drug: GetMorganGenerator(radius=3, fpSize=1024).GetFingerprint(Chem.MolFromSmiles(text))
        for drug, text in zip("abcdef", PAIRS, strict=True)
        if drug not in "df"
    }
    for row in table.itertuples():
        if row.drug in "df":
            assert np.isnan(row.tanimoto)
            assert row.most_similar == row.most_similar_name == ""
            continue
        likeness = {
            other: DataStructs.TanimotoSimilarity(prints[row.drug], prints[other])
            for other in prints
            if other != row.drug
        }
        assert row.tanimoto == pytest.approx(max(likeness.values()), abs=1e-6)
        assert likeness[row.most_similar] == pytest.approx(row.tanimoto, abs=1e-6)
        assert row.most_similar_name == names["abcdef".index(row.most_similar)]
    # Radius 2 would make ethyl and propyl benzene more alike.
    assert table["tanimoto"][2] < known_similarity(PAIRS)[2, 4]


def test_a_lone_structure_is_like_none_and_so_is_a_screen_without_any():
    for smiles in (np.array(["CCO", "", ""]), None):
        table = most_similar_drugs(list("abc"), list("abc"), smiles)
        assert table["tanimoto"].isna().all()
        assert set(table["most_similar"]) == {""}
