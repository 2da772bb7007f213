"""Methods that translate between cells, against definitions and by what they cannot do."""

import numpy as np
import pytest
from sklearn.linear_model import RidgeCV

from lacuna.completion import SideInformation, run_method
from lacuna.completion.ridge_map import PENALTIES
from lacuna.profiles import ProfileSet

GENES = 12


def on_grid(dense, measured=None):
    """Place profiles, (drugs, cells, genes), on a grid as they are, all or some."""
    measured = np.ones(dense.shape[:2], bool) if measured is None else measured
    drug, cell = np.nonzero(measured)
    names = [
        np.array([f"{axis}{i}" for i in range(n)])
        for axis, n in zip("dcg", dense.shape, strict=True)
    ]
    return ProfileSet(dense[drug, cell].astype(np.float32), drug, cell, *names)


def two_cells(map_to_second, drugs=60, genes=GENES, noise=0.0, seed=0):
    """Drugs measured in cell 0, and in cell 1 what a map makes of that; the last ten to predict."""
    rng = np.random.default_rng(seed)
    first = rng.normal(size=(drugs, genes)) / np.sqrt(genes)
    second = map_to_second(first) + noise * rng.normal(size=first.shape)
    dense = np.stack([first, second], axis=1)
    measured = np.ones((drugs, 2), bool)
    measured[-10:, 1] = False
    return on_grid(dense, measured), dense


def predict(name, observed, wanted=None, **options):
    wanted = observed.missing_pairs if wanted is None else wanted
    rng = np.random.default_rng(0)
    return run_method(name, observed, wanted, SideInformation(), rng, options)


def agreement(name, observed, dense):
    wanted = observed.missing_pairs
    predicted, truth = predict(name, observed).profiles, dense[wanted[:, 0], wanted[:, 1]]
    return np.corrcoef(predicted.ravel(), truth.ravel())[0, 1]


def mixing(genes=GENES, seed=5):
    """Return a rotation of profiles: a linear map in which every gene depends on all."""
    return np.linalg.qr(np.random.default_rng(seed).normal(size=(genes, genes)))[0]


def per_gene(first):
    slope = np.linspace(-2, 2, first.shape[1])
    return slope * first + 0.1 * slope[::-1]


def ridge(before, after, profiles, penalty):
    """The textbook's formula, in the genes' space."""
    mean, expected = before.mean(axis=0), after.mean(axis=0)
    centred = before - mean
    square = centred.T @ centred + penalty * np.eye(before.shape[1])
    return expected + (profiles - mean) @ np.linalg.solve(square, centred.T @ (after - expected))


def leave_one_out_error(before, after, penalty):
    kept = [np.arange(len(before)) != drug for drug in range(len(before))]
    predicted = [ridge(before[k], after[k], before[~k], penalty)[0] for k in kept]
    return np.mean((np.array(predicted) - after) ** 2)


@pytest.mark.parametrize("noise", [0.01, 0.3])
def test_a_ridge_map_is_the_ridge_regression_that_leaving_one_drug_out_chooses(noise):
    observed, dense = two_cells(lambda first: first @ mixing(), drugs=25, noise=noise)
    before, after = dense[:-10, 0], dense[:-10, 1]
    found = predict("ridge_map", observed).profiles
    errors = [leave_one_out_error(before, after, penalty) for penalty in PENALTIES]
    plain = ridge(before, after, dense[-10:, 0], PENALTIES[np.argmin(errors)])
    assert np.allclose(found, plain, atol=1e-5)
    reference = RidgeCV(alphas=PENALTIES).fit(before, after).predict(dense[-10:, 0])
    assert np.allclose(found, reference, atol=1e-5)


def test_an_affine_map_is_a_straight_line_for_each_gene():
    observed, dense = two_cells(per_gene, noise=0.2)
    lines = [np.polyfit(dense[:-10, 0, g], dense[:-10, 1, g], 1) for g in range(GENES)]
    plain = [np.polyval(line, dense[-10:, 0, g]) for g, line in enumerate(lines)]
    assert np.allclose(predict("affine_map", observed).profiles, np.transpose(plain), atol=1e-5)


def test_where_a_gene_never_differs_its_mean_stands():
    observed, dense = two_cells(per_gene)
    observed.profiles[observed.cell == 0, 3] = 0.25
    found = predict("affine_map", observed).profiles[:, 3]
    assert np.allclose(found, dense[:-10, 1, 3].mean(), atol=1e-5)


@pytest.mark.parametrize("name", ["ridge_map", "affine_map"])
def test_predictions_from_several_cells_are_averaged(name):
    rng = np.random.default_rng(1)
    dense = rng.normal(size=(20, 3, GENES))
    measured = np.ones((20, 3), bool)
    measured[0, 2] = False
    observed = on_grid(dense, measured)
    alone = [
        predict(name, observed.take(np.isin(observed.cell, [cell, 2])), np.array([[0, 2]]))
        for cell in (0, 1)
    ]
    expected = np.mean([completion.profiles for completion in alone], axis=0)
    assert np.allclose(predict(name, observed).profiles, expected, atol=1e-5)


@pytest.mark.parametrize("name", ["ridge_map", "affine_map"])
def test_cells_that_share_too_few_drugs_fall_back(name):
    dense = np.random.default_rng(1).normal(size=(12, 2, GENES))
    measured = np.ones((12, 2), bool)
    measured[4:, 1] = False
    found = predict(name, on_grid(dense, measured))
    assert found.fallback.all()
    instead = predict("mean_2d", on_grid(dense, measured)).profiles
    assert np.array_equal(found.profiles, instead)
    measured[4, 1] = True
    assert not predict(name, on_grid(dense, measured)).fallback.any()


def test_a_map_that_mixes_genes_is_found_by_ridge_alone():
    observed, dense = two_cells(lambda first: first @ mixing())
    assert agreement("ridge_map", observed, dense) > 0.99
    assert agreement("affine_map", observed, dense) < 0.5


def test_a_map_per_gene_is_found_by_affine():
    observed, dense = two_cells(per_gene)
    assert agreement("affine_map", observed, dense) > 0.9999
