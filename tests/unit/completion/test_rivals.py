"""Methods that translate between cells, against definitions and by what they cannot do."""

from itertools import count

import numpy as np
import pytest
import torch
from sklearn.linear_model import RidgeCV

from lacuna.completion.interface import SideInformation
from lacuna.completion.methods.ridge_map import PENALTIES
from lacuna.completion.run import run_method, train_method
from lacuna.completion.shared.paired import PairedProfiles
from lacuna.completion.trainers import dual_gan, scgen, vae_anchor
from lacuna.networks.training import descend
from lacuna.tensor.profiles import ProfileSet

GENES = 12
RIVALS = ["ridge_map", "affine_map", "vae_anchor", "dual_gan", "scgen"]


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


@pytest.mark.parametrize("name", ["ridge_map", "affine_map", "scgen"])
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


def programmes(drugs=60, genes=GENES, factors=4, seed=0):
    """Drugs act by a few factors, each of which moves other genes in either cell."""
    rng = np.random.default_rng(seed)
    strength = rng.normal(size=(drugs, 1, factors)) / np.sqrt(genes)
    dense = (strength @ rng.normal(size=(1, factors, 2 * genes))).reshape(drugs, 2, genes)
    measured = np.ones((drugs, 2), bool)
    measured[-10:, 1] = False
    return on_grid(dense, measured), dense


def test_what_moves_other_genes_in_another_cell_takes_a_method_that_mixes_genes():
    observed, dense = programmes()
    found = {name: agreement(name, observed, dense) for name in RIVALS}
    assert found["ridge_map"] > 0.95
    assert found["vae_anchor"] > found["affine_map"] + 0.1
    assert all(found[name] < 0.5 for name in ("dual_gan", "scgen"))


def test_a_dual_gan_maps_each_gene_alone_and_all_alike():
    observed, _ = two_cells(lambda first: first @ mixing())
    trained = train_method("dual_gan", observed, SideInformation(), np.random.default_rng(0), {})
    given = observed.profiles[observed.cell == 0]
    cells = np.zeros(len(given), int)
    before = trained.translate(given, cells, 1)
    changed = given.copy()
    changed[:, 3] += 0.2
    after = trained.translate(changed, cells, 1)
    others = np.arange(GENES) != 3
    assert np.array_equal(after[:, others], before[:, others])
    assert (after[:, 3] != before[:, 3]).all()
    turned = trained.translate(given[:, ::-1].copy(), cells, 1)
    assert np.allclose(turned, before[:, ::-1], atol=1e-6)


def test_a_step_of_the_dual_gan_descends_the_two_published_losses():
    observed, _ = two_cells(per_gene, drugs=30)
    paired = PairedProfiles.prepare(observed, np.random.default_rng(0), "cpu")
    torch.manual_seed(0)
    options = dual_gan.Options(1e-3, 8, 20, 5, 4, adversarial=0.01)
    trained = dual_gan.PairedDualGan(paired, options=options)
    network = trained.network
    source, target = (rows[:6] for rows in paired.into(1, validation=False))
    trained.loss(source, target, 1).backward()
    found = {name: weight.grad for name, weight in network.named_parameters()}

    given, truth = paired.profiles[source], paired.profiles[target]
    into, back, judge = network.generators[1], network.generators[0], network.discriminators[1]
    made = into(given)
    of_generator = ((made - truth) ** 2).mean() + ((back(made) - given) ** 2).mean()
    of_generator = of_generator - 0.01 * torch.log(torch.sigmoid(judge(made))).mean()
    of_judge = -torch.log(torch.sigmoid(judge(truth))).mean()
    of_judge = of_judge - torch.log(1 - torch.sigmoid(judge(made))).mean()
    for part, module, loss in (
        ("generators.1.", into, of_generator),
        ("discriminators.1.", judge, of_judge),
    ):
        names, weights = zip(*module.named_parameters(), strict=True)
        for name, plain in zip(
            names, torch.autograd.grad(loss, weights, retain_graph=True), strict=True
        ):
            assert torch.allclose(found.pop(part + name), plain, atol=1e-6)
    assert all(gradient is None for gradient in found.values())


def test_a_latent_shift_finds_what_all_drugs_are_shifted_by():
    shift = np.linspace(-0.5, 0.5, GENES)
    observed, dense = two_cells(lambda first: 0.3 * first + shift)
    predicted = predict("scgen", observed).profiles
    moved = (predicted - dense[-10:, 0]).mean(axis=0)
    assert np.corrcoef(moved, (dense[-10:, 1] - dense[-10:, 0]).mean(axis=0))[0, 1] > 0.9
    assert agreement("scgen", observed, dense) > 0.8


def test_shifts_are_mean_latent_differences_of_drugs_in_both_cells():
    rng = np.random.default_rng(2)
    observed = on_grid(rng.normal(size=(15, 3, GENES)), rng.random((15, 3)) < 0.7)
    paired = PairedProfiles.prepare(observed, rng, "cpu")
    network = scgen.Autoencoder(GENES, 20)
    states = network.encoder(paired.profiles)[0].detach().numpy()
    shifts = scgen.find_shifts(network, paired)
    at = {(d, c): z for d, c, z in zip(paired.drug, paired.cell, states, strict=True)}
    for one in range(3):
        for other in range(3):
            both = [d for d in range(15) if (d, one) in at and (d, other) in at and one != other]
            plain = [at[d, other] - at[d, one] for d in both]
            assert np.allclose(
                shifts[one, other], np.mean(plain, axis=0) if plain else 0, atol=1e-6
            )


@pytest.mark.parametrize("killed_at", [2, 7])
@pytest.mark.parametrize("method", [vae_anchor, dual_gan, scgen])
def test_a_training_that_was_killed_goes_on_and_predicts_the_same(
    method, killed_at, tmp_path, monkeypatch
):
    observed, _ = two_cells(per_gene, drugs=30)
    name = method.__name__.rpartition(".")[2]
    options = {"epochs": 9} | ({"common_epochs": 4} if name == "vae_anchor" else {})

    def run(work):
        rng, wanted = np.random.default_rng(0), observed.missing_pairs
        return run_method(name, observed, wanted, SideInformation(), rng, options, work=work)

    whole = run(None)
    assert len(whole.losses) > killed_at
    monkeypatch.setattr("lacuna.networks.training.SECONDS_BETWEEN_CHECKPOINTS", -1)
    epochs = count()

    def killed(losses, optimiser):
        if next(epochs) == killed_at:
            next(losses)
            raise KeyboardInterrupt
        return descend(losses, optimiser)

    monkeypatch.setattr(method, "descend", killed)
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path)
    resumed = run(tmp_path)
    assert next(epochs) == len(whole.losses) + 1
    assert np.array_equal(resumed.profiles, whole.profiles)
    assert resumed.losses.equals(whole.losses)
