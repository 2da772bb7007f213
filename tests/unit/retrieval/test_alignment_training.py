"""The coordinated model learns what is planted, keeps its best epoch, and goes on after a kill."""

import io
from dataclasses import fields, replace

import numpy as np
import pytest
import torch
from torch import nn
from two_sides import DIMENSIONS, GENES, two_sides

from lacuna.completion.card import declared_options
from lacuna.errors import LacunaError
from lacuna.networks import training as networks_training
from lacuna.retrieval.alignment import align, losses, negatives, trainer
from lacuna.retrieval.alignment.embedders import ACTIVATIONS, Graphs
from lacuna.retrieval.alignment.examples import Examples
from lacuna.retrieval.interface import Pairs
from lacuna.retrieval.measures import distances_between
from lacuna.retrieval.ranks import ranks as average_ranks

TRAINING, VALIDATION, FRESH = two_sides(1, 80), two_sides(2, 30), two_sides(3, 60)
SMALL = {"profile_layers": [32], "dimensions": 12, "batch": 32, "learning_rate": 3e-3}


def fit(training=TRAINING, validation=VALIDATION, seed=0, work=None, **options):
    if options.get("loss", "").startswith("batch_"):
        pytest.importorskip("pytorch_metric_learning", reason="pip install 'lacuna[retrieval]'")
    rng = np.random.default_rng(seed)
    return align.fit(training, validation, rng, work, **{**SMALL, "epochs": 8, **options})


def reciprocal_rank(model, examples):
    distances = model.distances(examples.pairs.profiles, examples.pairs.vectors)
    return (1 / average_ranks(distances, examples.pairs.molecule)).mean()


def weights(model):
    return {name: value.numpy().copy() for name, value in model.network.state_dict().items()}


def equal(one, other):
    return all(np.array_equal(value, other[name]) for name, value in one.items())


def chance(molecules):
    return (1 / np.arange(1, molecules + 1)).mean()


def test_options_and_choices_stand_in_two_places_alike():
    options = declared_options(align.fit)
    assert list(options) == [field.name for field in fields(trainer.Settings)]
    assert options["negatives"].meaning.choices == negatives.WAYS
    assert options["distance"].meaning.choices == losses.DISTANCES
    assert set(options["activation"].meaning.choices) == set(ACTIVATIONS)


@pytest.mark.parametrize("loss", sorted(set(align.LOSSES) - {"triplet_profiles", "cca"}))
def test_on_its_own_drugs_and_on_fresh_ones_the_model_is_far_above_chance(loss):
    model = fit(loss=loss)
    assert reciprocal_rank(model, TRAINING) > 0.6 > 9 * chance(80)
    assert reciprocal_rank(model, FRESH) > 0.6
    assert model.losses["training"].iloc[-1] < model.losses["training"].iloc[0]


@pytest.mark.parametrize("way", ["inverse_density", "random"])
def test_other_negatives_and_structures_teach_as_well(way):
    model = fit(negatives=way, negative_distance="structure", batches_of="drugs", epochs=20)
    assert reciprocal_rank(model, FRESH) > 0.6


def test_the_cca_loss_correlates_the_sides_though_not_place_by_place():
    model = fit(loss="cca", epochs=15)
    pairs = FRESH.pairs
    one, two = (
        torch.from_numpy(places)
        for places in (
            model.embed_profiles(pairs.profiles),
            model.embed_molecules(pairs.vectors)[pairs.molecule],
        )
    )
    assert float(losses.cca(one, two)) < -5.5  # six dimensions are planted


def test_the_loss_of_profiles_alone_leaves_molecules_as_they_were():
    one, two = (weights(fit(loss="triplet_profiles", epochs=epochs)) for epochs in (1, 2))
    for name, value in one.items():
        assert np.array_equal(value, two[name]) == name.startswith("molecules.")


def test_with_shuffled_pairs_fresh_drugs_are_at_chance():
    shares = []
    for seed in range(3):
        training, validation = (
            two_sides(10 * seed + side, drugs, shuffled=True) for side, drugs in ((1, 80), (2, 30))
        )
        model = fit(training, validation, seed, epochs=25, early_stopping=False)
        assert reciprocal_rank(model, training) > 3 * chance(80)  # known by heart
        pairs = FRESH.pairs
        ranks = average_ranks(model.distances(pairs.profiles, pairs.vectors), pairs.molecule)
        shares.append(((ranks - 0.5) / 60).mean())
    # Of 60 drugs and 3 trainings, the mean share is 1/2 and its standard error below 0.04.
    assert abs(np.mean(shares) - 0.5) < 0.1
    assert reciprocal_rank(fit(), FRESH) > 0.6


def test_the_epoch_of_the_highest_validation_mrr_is_kept():
    options = {"learning_rate": 0.02, "dropout": 0.3, "epochs": 10}
    model = fit(**options)
    measured = model.losses["validation"]
    assert list(model.losses) == ["stage", "epoch", "training", "validation"]
    assert measured.idxmax() not in (0, 9)
    assert reciprocal_rank(model, VALIDATION) == pytest.approx(measured.max())
    assert measured.max() > measured.min() + 0.02
    last = fit(**options, early_stopping=False)
    assert reciprocal_rank(last, VALIDATION) == pytest.approx(measured.iloc[-1])
    assert last.losses["validation"].isna().all()
    stopped = fit(**options, patience=1).losses["validation"]
    first_fall = int((measured.diff() <= 0).idxmax())
    assert stopped.tolist() == measured[: first_fall + 1].tolist()


def test_beta_and_margin_and_the_distances_change_what_is_learned():
    plain = weights(fit())
    for change in ({"beta": 0.9}, {"margin": 0.6}, {"distance": "correlation"}):
        assert not equal(plain, weights(fit(**change)))
    correlated, euclidean = fit(), fit(rank_distance="euclidean")
    found = euclidean.distances(FRESH.pairs.profiles, FRESH.pairs.vectors)
    g = euclidean.embed_profiles(FRESH.pairs.profiles).astype(float)
    m = euclidean.embed_molecules(FRESH.pairs.vectors).astype(float)
    np.testing.assert_allclose(found[3, 5], np.linalg.norm(g[3] - m[5]))
    found = correlated.distances(FRESH.pairs.profiles, FRESH.pairs.vectors)
    g = correlated.embed_profiles(FRESH.pairs.profiles)
    m = correlated.embed_molecules(FRESH.pairs.vectors)
    np.testing.assert_allclose(found[3, 5], 1 - np.corrcoef(g[3], m[5])[0, 1], atol=1e-6)


def test_a_training_is_repeated_bit_for_bit_and_leaves_the_stream_of_others_alone():
    torch.manual_seed(5)
    before = torch.get_rng_state()
    first = weights(fit(loss="quintuplet", epochs=3))
    assert torch.equal(torch.get_rng_state(), before)
    torch.manual_seed(6)
    assert equal(first, weights(fit(loss="quintuplet", epochs=3)))
    assert not equal(first, weights(fit(loss="quintuplet", epochs=3, seed=1)))


@pytest.mark.parametrize("loss", ["quintuplet", "batch_margin"])
@pytest.mark.parametrize("early_stopping", [True, False])
def test_a_training_that_is_killed_goes_on_bit_for_bit(loss, early_stopping, tmp_path, monkeypatch):
    monkeypatch.setattr(networks_training, "SECONDS_BETWEEN_CHECKPOINTS", -1)
    options = {"loss": loss, "early_stopping": early_stopping, "epochs": 6, "learning_rate": 0.02}
    whole = fit(**options)
    descend, epochs, kills = trainer.descend, [], [3]

    def killed(*arguments):
        epochs.append(len(epochs))
        if kills and len(epochs) > kills[0]:
            kills.clear()
            raise KeyboardInterrupt
        return descend(*arguments)

    monkeypatch.setattr(trainer, "descend", killed)
    with pytest.raises(KeyboardInterrupt):
        fit(work=tmp_path, **options)
    resumed = fit(work=tmp_path, **options)
    assert len(epochs) == 7  # 3 before the kill, that one, and 3 after
    assert equal(weights(whole), weights(resumed))
    assert whole.losses.equals(resumed.losses)
    assert equal(weights(fit(work=tmp_path, seed=1, **options)), weights(fit(seed=1, **options)))
    epochs.clear()
    fit(work=tmp_path, **options, beta=1.2)  # another training begins anew
    assert len(epochs) == 6


def test_the_state_is_arrays_that_make_the_same_model():
    model = fit(rank_transform=True, bias=True, activation="relu", molecule_layers=[9, 7], epochs=2)
    file = io.BytesIO()
    np.savez(file, **model.state())
    file.seek(0)
    with np.load(file, allow_pickle=False) as saved:
        again = align.restore(dict(saved))
    assert again.network.shape == model.network.shape
    for side in ("profiles", "vectors"):
        embed = f"embed_{'profiles' if side == 'profiles' else 'molecules'}"
        one, two = (getattr(m, embed)(getattr(FRESH.pairs, side)) for m in (model, again))
        assert np.array_equal(one, two)
        assert one.dtype == np.float32
        assert one.shape == (len(getattr(FRESH.pairs, side)), 12)
    state = model.state()
    for broken in (
        {},
        {name: array for name, array in state.items() if not name.endswith("0.weight")},
        state | {"dimensions": np.array([7])},
        state | {"activation": np.array([b"swish"])},
        state | {"features": np.array([1, 2])},
    ):
        with pytest.raises(LacunaError, match="not one of an aligned model"):
            align.restore(broken)


def test_places_do_not_depend_on_what_stands_beside_or_on_blocks(monkeypatch):
    model = fit(rank_transform=True, epochs=1)
    whole = model.embed_profiles(FRESH.pairs.profiles)
    monkeypatch.setattr("lacuna.retrieval.alignment.aligned.ROWS_AT_ONCE", 7)
    monkeypatch.setattr(trainer, "ROWS_AT_ONCE", 7)
    np.testing.assert_allclose(model.embed_profiles(FRESH.pairs.profiles), whole, atol=1e-5)
    parts = model.embed_profiles(FRESH.pairs.profiles[::-1])[::-1]
    np.testing.assert_allclose(parts, whole, atol=1e-5)
    assert fit(epochs=1).losses["validation"][0] == pytest.approx(
        reciprocal_rank(fit(epochs=1), VALIDATION)
    )


def test_ranks_are_taken_within_blocks():
    both = np.hstack([TRAINING.pairs.profiles] * 2)
    training = replace(changed(TRAINING, profiles=both), blocks=2)
    nobody = changed(training, profiles=both[:0], molecule=TRAINING.pairs.molecule[:0])
    model = fit(training, replace(nobody, line=None), rank_transform=True, epochs=1)
    scaled = both.copy()
    scaled[:, GENES:] = 50 * scaled[:, GENES:] + 7
    assert np.array_equal(model.embed_profiles(scaled), model.embed_profiles(both))
    assert not np.array_equal(model.embed_profiles(both[:, ::-1]), model.embed_profiles(both))


@pytest.mark.parametrize("batches_of", ["wells", "drugs"])
def test_every_anchor_stands_against_another_compound_that_is_no_twin(batches_of, monkeypatch):
    """Of 80 compounds number 79 has no well, and the others are twins two by two."""
    kept = TRAINING.pairs.molecule < 79
    pairs = replace(
        TRAINING.pairs,
        profiles=TRAINING.pairs.profiles[kept],
        molecule=TRAINING.pairs.molecule[kept],
    )
    group, embedded, embed = np.arange(80) // 2, [], trainer._Run._embedded

    def watched(run, wells):
        embedded.append(np.reshape(wells, (3, -1)))
        return embed(run, wells)

    monkeypatch.setattr(trainer._Run, "_embedded", watched)
    training = Examples(pairs, line=TRAINING.line[kept], group=group)
    fit(training, loss="quintuplet", batches_of=batches_of, epochs=2)
    anchors, others, companions = np.concatenate(embedded, axis=1)
    compound = pairs.molecule
    assert (group[compound[others]] != group[compound[anchors]]).all()
    assert (compound[companions] == compound[anchors]).all()
    assert (training.line[companions] != training.line[anchors]).all()
    per_epoch = compound[anchors] if batches_of == "drugs" else anchors
    assert (np.bincount(per_epoch) == 2).all()
    assert len(set(per_epoch)) == (79 if batches_of == "drugs" else 79 * 3)


class Atoms:
    """Molecules as an encoder reads them: here bags of atoms."""

    def __init__(self, vectors):
        self.atoms = [torch.as_tensor(np.flatnonzero(row > 0)) for row in vectors]
        self.asked = []

    def __len__(self):
        return len(self.atoms)

    def batch(self, molecules):
        self.asked.append(list(molecules))
        return Bag([self.atoms[number] for number in molecules])


class Bag(list):
    def to(self, device):
        return Bag(atoms.to(device) for atoms in self)


class Bags(nn.Module):
    def __init__(self):
        super().__init__()
        self.atoms = nn.Embedding(DIMENSIONS, 5)

    def forward(self, batch):
        return torch.stack([self.atoms(bag).mean(dim=0) for bag in batch])


def test_an_encoder_is_trained_too_and_each_molecule_encoded_once_a_batch():
    training, validation, fresh = (
        replace(side, molecules=Graphs(Atoms(side.pairs.vectors), Bags, 5, "bags"))
        for side in (TRAINING, VALIDATION, FRESH)
    )
    model = fit(training, validation, epochs=12, molecule_layers=[16])
    assert all(len(asked) == len(set(asked)) for asked in training.molecules.graphs.asked)
    distances = model.distances(fresh.pairs.profiles, fresh.molecules)
    assert (1 / average_ranks(distances, fresh.pairs.molecule)).mean() > 3 * chance(60)
    again = align.restore(model.state(), Bags())
    assert np.array_equal(
        again.embed_molecules(fresh.molecules), model.embed_molecules(fresh.molecules)
    )
    with pytest.raises(LacunaError, match="Give the encoder that it was trained with"):
        align.restore(model.state())


def changed(examples, **parts):
    return replace(examples, pairs=replace(examples.pairs, **parts))


def missing_at(rows, value, row=3):
    rows = rows.copy()
    rows[row, 1] = value
    return rows


@pytest.mark.parametrize(
    ("training", "message"),
    [
        (changed(TRAINING, profiles=missing_at(TRAINING.pairs.profiles, np.nan)), "profile '3'"),
        (changed(TRAINING, vectors=missing_at(TRAINING.pairs.vectors, np.inf)), "molecule '3'"),
        (changed(TRAINING, molecule=TRAINING.pairs.molecule + 1), "from 0 to 79"),
        (changed(TRAINING, molecule=TRAINING.pairs.molecule - 1), "from 0 to 79"),
        (changed(TRAINING, molecule=TRAINING.pairs.molecule[1:]), "240 profiles are 239"),
        (changed(TRAINING, molecule=TRAINING.pairs.molecule * 1.0), "Number them"),
        (changed(TRAINING, molecule=TRAINING.pairs.molecule * 0), "no other compound"),
        (replace(TRAINING, group=np.zeros(80, dtype=int)), "no other compound"),
        (replace(TRAINING, group=np.zeros(79, dtype=int)), "79 groups, expected 80"),
        (replace(TRAINING, line=np.zeros(9)), "9 lines, expected 240"),
        (replace(TRAINING, blocks=3), "blocks of equal width"),
        (replace(TRAINING, treated=1), "blocks of equal width"),
        (changed(TRAINING, profiles=np.empty((240, 0))), "expected rows of values"),
    ],
)
def test_examples_that_do_not_fit_are_refused_by_name(training, message):
    with pytest.raises(LacunaError, match=message):
        fit(training)


def test_widths_below_one_and_losses_that_are_no_number_are_refused():
    with pytest.raises(LacunaError, match="expected widths of at least 1"):
        fit(profile_layers=[8, 0])
    with pytest.raises(trainer.Diverged, match="Lower learning_rate"):
        fit(learning_rate=1e30)


def test_new_profiles_and_molecules_that_do_not_fit_are_refused():
    model = fit(epochs=1)
    with pytest.raises(LacunaError, match=f"profiles have 3 values, expected {GENES}"):
        model.embed_profiles(np.zeros((2, 3)))
    with pytest.raises(LacunaError, match=f"molecules have 3 values, expected {DIMENSIONS}"):
        model.embed_molecules(np.zeros((2, 3)))
    narrow = changed(VALIDATION, vectors=VALIDATION.pairs.vectors[:, :7])
    with pytest.raises(LacunaError, match=f"molecules have 7 values, expected {DIMENSIONS}"):
        fit(validation=narrow)
    with pytest.raises(LacunaError, match="profile '0'"):
        model.embed_profiles(np.full((2, GENES), np.nan))


def test_constant_sides_one_query_and_a_library_of_one_give_numbers():
    pairs = TRAINING.pairs
    flat = Pairs(np.zeros_like(pairs.profiles), np.zeros_like(pairs.vectors), pairs.molecule)
    alone = Examples(Pairs(pairs.profiles[:1], pairs.vectors[:1], np.array([0])))
    for loss in align.LOSSES:
        model = fit(Examples(flat), alone, loss=loss, epochs=1)
        assert model.losses["validation"].tolist() == [1.0]
        assert np.isfinite(model.distances(flat.profiles[:2], flat.vectors[:3])).all()
        assert (model.distances(flat.profiles[:2], flat.vectors[:3]) == 1).all()
    empty = Examples(Pairs(pairs.profiles[:0], pairs.vectors, pairs.molecule[:0]))
    model = fit(TRAINING, empty, epochs=2)  # nothing to validate on
    assert model.losses["validation"].isna().all()
    assert model.embed_profiles(pairs.profiles[:0]).shape == (0, 12)


def test_negatives_are_by_the_treated_block_alone(monkeypatch):
    rng = np.random.default_rng(0)
    control = rng.normal(size=TRAINING.pairs.profiles.shape).astype(np.float32)
    both = np.hstack([control, TRAINING.pairs.profiles])
    seen = []
    measure = trainer.expression_distance
    monkeypatch.setattr(trainer, "expression_distance", lambda *a: seen.append(a) or measure(*a))
    pairs = replace(TRAINING.pairs, profiles=both)
    nobody = Examples(
        Pairs(both[:0], TRAINING.pairs.vectors, TRAINING.pairs.molecule[:0]), blocks=2
    )
    fit(replace(TRAINING, pairs=pairs, blocks=2, treated=1), nobody, epochs=1)
    assert np.array_equal(seen[0][0], TRAINING.pairs.profiles)


def test_ranks_share_what_is_equal():
    distances = np.array([[0.1, 0.2, 0.2, 0.3], [1, 1, 1, 1], [3, 2, 1, 0]])
    assert average_ranks(distances, np.array([1, 2, 3])).tolist() == [2.5, 2.5, 1]


def test_places_without_a_correlation_are_at_distance_one():
    rows = np.array([[1.0, 1, 1], [1, 2, 3]])
    assert distances_between(rows, rows, "correlation")[0].tolist() == [1, 1]
    assert distances_between(rows * 0, rows, "cosine").tolist() == [[1, 1], [1, 1]]
