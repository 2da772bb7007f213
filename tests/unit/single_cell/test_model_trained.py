"""The trained model predicts what it says it does, and is the same after it was written down."""

import io
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch
from planted_cells import planted_cells
from scipy.stats import nbinom
from tiny_trained import DRUGS, FULL, MODEL, ROWS, TINY, V1, VECTORS, WORLD, by_hand, fit

from lacuna.errors import LacunaError
from lacuna.io import hdf5
from lacuna.single_cell.interface import (
    CONTROL,
    CONTROL_SMILES,
)
from lacuna.single_cell.model.base import Base
from lacuna.single_cell.model.molecules import Molecules, Source
from lacuna.single_cell.model.train import train
from lacuna.single_cell.model.trained import restore
from lacuna.structures.scaling import Scaler


def test_a_prediction_is_basal_state_and_drug_and_line():
    effect = MODEL.latent(VECTORS[6:7], [10.0])
    line = MODEL.network.lines.weight.detach().numpy()[1]
    mean, variance = MODEL.predict(ROWS, VECTORS[6:7], [10.0], "line 1")
    expected = by_hand(MODEL, ROWS, effect[0] + line)
    np.testing.assert_allclose(mean, expected[0], atol=1e-5)
    np.testing.assert_allclose(variance, expected[1], rtol=1e-4)
    assert mean.shape == variance.shape == (12, 20)
    scaled = torch.from_numpy(MODEL.scaler.apply(VECTORS[6:7]))
    dose = torch.tensor([np.log1p(10.0)], dtype=torch.float32)
    with torch.no_grad():
        np.testing.assert_allclose(effect, MODEL.network.effect(scaled, dose).numpy(), atol=1e-6)


def test_several_drugs_add_up_in_the_latent_space():
    doses = [0.5, 3.0]
    apart = MODEL.latent(VECTORS[:2], doses)
    mean, _ = MODEL.predict(ROWS, VECTORS[:2], doses, "line 0")
    shift = apart.sum(axis=0) + MODEL.line("line 0")
    np.testing.assert_allclose(mean, by_hand(MODEL, ROWS, shift)[0], atol=1e-5)
    one, _ = MODEL.predict(ROWS, VECTORS[:1], doses[:1], "line 0")
    assert np.abs(mean - one).max() > 1e-3


def test_a_zeroed_drug_is_no_drug_and_so_is_the_vehicle():
    vehicle = Molecules(WORLD.source, pd.Index([CONTROL]), [CONTROL_SMILES], VECTORS[-1:])
    assert (MODEL.latent(vehicle, [0.0]) == 0).all()
    nothing, _ = MODEL.predict(ROWS, VECTORS[:0], [], "line 0")
    for drugs, doses in ((vehicle, [0.0]), ([], [])):
        assert np.array_equal(MODEL.predict(ROWS, drugs, doses, "line 0")[0], nothing)
    silent = restore(MODEL.state())
    with torch.no_grad():
        for weight in silent.network.perturbation[-1].parameters():
            weight.zero_()
    assert np.array_equal(silent.predict(ROWS, VECTORS[:1], [9.0], "line 0")[0], nothing)
    # As published the vehicle is a drug, with a dose of 1.
    assert (V1.latent(vehicle, [0.0]) != 0).any()
    scaled = torch.from_numpy(V1.scaler.apply(VECTORS[-1:]))
    with torch.no_grad():
        expected = V1.network.effect(scaled, torch.ones(1)).numpy()
    np.testing.assert_allclose(V1.latent(vehicle, [0.0]), expected, atol=1e-6)


def test_predictions_do_not_depend_on_what_stands_beside():
    """BatchNorm takes what the training learnt: a cell alone, and a drug alone, are the same."""
    for model in (MODEL, V1):
        expected = model.basal(ROWS), model.latent(VECTORS[:5], [2.0] * 5)
        model.network.train()  # whoever trained last
        assert np.array_equal(model.basal(ROWS), expected[0])
        model.network.train()
        assert np.array_equal(model.latent(VECTORS[:5], [2.0] * 5), expected[1])
        together, variance = model.predict(ROWS, VECTORS[:1], [2.0], "line 0")
        alone = [model.predict(row[None], VECTORS[:1], [2.0], "line 0") for row in ROWS]
        np.testing.assert_allclose(np.concatenate([mean for mean, _ in alone]), together, atol=1e-5)
        np.testing.assert_allclose(
            np.concatenate([v for _, v in alone]), variance, rtol=1e-3, atol=1e-6
        )
        effects = model.latent(VECTORS[:5], [2.0] * 5)
        np.testing.assert_allclose(model.latent(VECTORS[3:4], [2.0])[0], effects[3], atol=1e-5)


def test_the_state_is_arrays_that_make_the_same_model(tmp_path):
    for model in (FULL, V1, fit(likelihood="negative_binomial")):
        hdf5.save(tmp_path / "model.h5", model.state())
        again = restore(hdf5.load(tmp_path / "model.h5"))
        assert again.settings == model.settings
        for name in ("genes", "lines", "drugs"):
            assert getattr(again, name).equals(getattr(model, name))
        assert (again.source, again.kind, again.library) == (
            model.source, model.kind, model.library,
        )  # fmt: skip
        for one, other in zip(
            model.predict(ROWS, VECTORS[:2], [1.0, 2.0], "line 2"),
            again.predict(ROWS, VECTORS[:2], [1.0, 2.0], "line 2"),
            strict=True,
        ):
            assert np.array_equal(one, other)
    file = io.BytesIO()
    np.savez(
        file, **{k: v.astype(str) if v.dtype == object else v for k, v in MODEL.state().items()}
    )
    file.seek(0)
    with np.load(file, allow_pickle=False) as saved:  # nothing is pickled
        assert restore(dict(saved)).genes.equals(MODEL.genes)
    state = MODEL.state()
    for broken in (
        {}, {name: array for name, array in state.items() if "encoder.0" not in name},
        state | {"words": np.array(["{}"], dtype=object)},
        state | {"weight.lines.weight": np.zeros((2, 6), np.float32)},
    ):  # fmt: skip
        with pytest.raises(LacunaError, match="not one of a model of single cells"):
            restore(broken)


def test_what_does_not_fit_is_refused():
    with pytest.raises(LacunaError, match="vectors of 3 values, expected 6"):
        MODEL.latent(VECTORS[:1, :3], [1.0])
    with pytest.raises(LacunaError, match=r"2 drugs with the doses \[1.0\]"):
        MODEL.latent(VECTORS[:2], [1.0])
    with pytest.raises(LacunaError, match="micromolar, 0 or more"):
        MODEL.latent(VECTORS[:1], [-1.0])
    with pytest.raises(LacunaError, match="cells have 7 genes, expected the 20"):
        MODEL.basal(ROWS[:, :7])
    with pytest.raises(LacunaError, match="finite"):
        MODEL.basal(ROWS * np.nan)
    morgan = replace(WORLD.molecules, source=Source("morgan"))
    with pytest.raises(LacunaError, match="encoded by morgan, this model reads planted"):
        MODEL.latent(morgan, np.ones(9))


def test_what_the_model_misses_of_the_controls_is_added_to_predictions():
    """So that no drug changes nothing, on average, and a drug what the model says it changes."""
    assert all(np.array_equal(FULL.state()[name], array) for name, array in MODEL.state().items()
               if name != "words")  # fmt: skip
    plain, variance = MODEL.predict(ROWS, VECTORS[:1], [1.0], "line 0")
    nothing, _ = MODEL.predict(ROWS, [], [], "line 0")
    moved, same = FULL.predict(ROWS, VECTORS[:1], [1.0], "line 0")
    expected = plain + ROWS.mean(axis=0) - nothing.mean(axis=0)
    np.testing.assert_allclose(moved, expected, atol=1e-5)
    assert np.array_equal(same, variance)
    kept, _ = FULL.predict(ROWS, [], [], "line 0")
    np.testing.assert_allclose(kept.mean(axis=0), ROWS.mean(axis=0), atol=1e-5)
    # Where controls are a drug, they are predicted as such.
    drug = fit(preset="v1", offset="controls")
    vehicle = Molecules(WORLD.source, pd.Index([CONTROL]), [CONTROL_SMILES], VECTORS[-1:])
    kept, _ = drug.predict(ROWS, vehicle, [0.0], "line 0")
    np.testing.assert_allclose(kept.mean(axis=0), ROWS.mean(axis=0), atol=1e-5)


def test_learnt_vectors_know_training_drugs_and_refuse_new_ones():
    learned = Molecules.of(Source("learned"), WORLD.observations.drugs["smiles"].to_dict())
    model = train(
        replace(WORLD.examples(DRUGS[:6]), molecules=learned),
        None, np.random.default_rng(0), **TINY,
    )  # fmt: skip
    effects = model.latent(learned.of_names(DRUGS[:6]), np.ones(6))
    assert len(np.unique(effects.round(6), axis=0)) == 6
    again = restore(model.state())
    some = again.latent(learned.of_names(DRUGS[:2]), np.ones(2))
    np.testing.assert_allclose(some, effects[:2], atol=1e-6)
    with pytest.raises(LacunaError, match=r"nothing of 1 others \('drug 6'\).*reads any"):
        model.latent(learned.of_names([DRUGS[0], DRUGS[6]]), np.ones(2))
    with pytest.raises(LacunaError, match="Give names and SMILES"):
        model.latent(np.zeros((1, 6)), [1.0])
    assert model.fit_line(Base(ROWS, np.full(12, "x", object))).shape == (6,)


def test_an_encoder_of_graphs_is_trained_along_and_reads_any_structure():
    pytest.importorskip("chemprop", reason="pip install 'lacuna[retrieval]'")
    source = Source("dmpnn", {"hidden": 64, "depth": 2})
    graphs = Molecules.of(source, WORLD.observations.drugs["smiles"].to_dict())
    examples = replace(WORLD.examples(DRUGS[:6]), molecules=graphs)
    model = train(examples, None, np.random.default_rng(0), **TINY)
    start = source.network(7, 0, 6)[0]
    assert model.network.molecules.size == start.size == 64
    names = {name for name, _ in model.network.molecules.named_parameters()}
    once, more = (
        train(examples, None, np.random.default_rng(0), **TINY | {"epochs": epochs})
        for epochs in (1, 2)
    )
    one, two = (dict(each.network.molecules.named_parameters()) for each in (once, more))
    assert any(not torch.equal(one[name], two[name]) for name in names)
    new = graphs.of_names([DRUGS[7], DRUGS[6]])
    again = restore(model.state())
    assert np.array_equal(again.latent(new, [1.0, 2.0]), model.latent(new, [1.0, 2.0]))


def test_a_new_line_is_the_mean_of_all_or_fitted_on_its_controls():
    world = planted_cells(
        drugs=4, cells=6, controls=60, lines=7, genes=20, descriptors=6, axis=True
    )
    obs = world.observations.obs
    examples = world.examples(world.drugs)
    kept = np.isin(examples.positions, np.flatnonzero(obs["line"] != "line 6"))
    examples = replace(
        examples, lines=examples.lines[:6],
        **{name: getattr(examples, name)[kept]
           for name in ("positions", "drug", "dose", "line", "control")},
    )  # fmt: skip
    model = train(
        examples, None, np.random.default_rng(0),
        **TINY | {"epochs": 40, "autoencoder_rate": 1e-2, "autoencoder_width": 32}, offset="none",
    )  # fmt: skip
    embedded = model.network.lines.weight.detach().numpy()
    np.testing.assert_allclose(model.line("line 6"), embedded.mean(axis=0), atol=1e-6)
    assert np.array_equal(model.line("line 1"), embedded[1])
    new = np.flatnonzero((obs["line"] == "line 6") & obs["control"])
    learnt, fresh = (world.observations.rows(new[part]) for part in (slice(30), slice(30, 60)))
    fitted = model.fit_line(Base(learnt, np.full(30, "line 6", object)))
    errors = [
        np.square(model.predict(fresh, [], [], line)[0].mean(axis=0) - fresh.mean(axis=0)).mean()
        for line in (fitted, "line 6")
    ]
    assert errors[0] < 0.5 * errors[1]
    again = model.fit_line(Base(learnt, np.full(30, "line 6", object)))
    assert np.array_equal(fitted, again)
    assert np.array_equal(model.network.lines.weight.detach().numpy(), embedded)


def test_counts_become_expression_of_the_cells_own_scale():
    model = fit(likelihood="negative_binomial", epochs=40, autoencoder_rate=1e-2, offset="none")
    counts = WORLD.observations.counts(np.arange(12))
    library = counts.sum(axis=1)
    mean, variance = model.predict(ROWS, VECTORS[:1], [1.0], "line 0", library)
    shift = model.latent(VECTORS[:1], [1.0])[0] + model.line("line 0")
    with torch.no_grad():
        latent = model.network.basal(torch.from_numpy(ROWS)) + torch.from_numpy(shift)
        share, dispersion = (
            values.numpy().astype(float) for values in model.network.decode(latent)
        )
    scale = 1000 / library  # as the planted counts were normalised
    k = np.arange(3000)
    for cell, gene in ((0, 0), (3, 7), (11, 19)):
        r, m = dispersion[cell, gene], share[cell, gene] * library[cell]
        weight, level = nbinom.pmf(k, r, r / (r + m)), np.log1p(scale[cell] * k)
        expected = (weight * level).sum()
        assert mean[cell, gene] == pytest.approx(expected, abs=0.02)
        spread = (weight * (level - expected) ** 2).sum()
        assert variance[cell, gene] == pytest.approx(spread, rel=0.1, abs=0.01)
    typical, _ = model.predict(ROWS, VECTORS[:1], [1.0], "line 0")
    assert model.library == np.median(WORLD.observations.counts(
        np.flatnonzero(WORLD.observations.obs["control"])).sum(axis=1))  # fmt: skip
    assert np.abs(typical - mean).max() < 0.5
    measured = ROWS.mean(axis=0)
    assert np.corrcoef(mean.mean(axis=0), measured)[0, 1] > 0.9


def test_the_scale_of_vectors_is_learnt_on_training_drugs_alone():
    """Neither drugs held out nor the vehicle say what is large."""
    for model in (MODEL, V1):
        scaler = Scaler.fit(VECTORS[:6])
        assert np.array_equal(model.scaler.mean, scaler.mean)
        assert np.array_equal(model.scaler.deviation, scaler.deviation)


def test_no_vector_is_ever_filled_with_zeros():
    smiles = WORLD.observations.drugs["smiles"].to_dict()
    with pytest.raises(LacunaError, match=r"no vector of 1 drugs \('drug 0'\)"):
        Molecules.of(WORLD.source, smiles, WORLD.table.iloc[1:])
    empty = WORLD.table.copy()
    empty.iloc[2] = np.nan
    with pytest.raises(LacunaError, match=r"of 1 drugs \('drug 2'\) hold no number"):
        Molecules.of(WORLD.source, smiles, empty)
    with pytest.raises(LacunaError, match="Encode the drugs first"):
        Molecules.of(WORLD.source, smiles)
    with pytest.raises(LacunaError, match=r"no structures of the drugs 'drug 99'"):
        WORLD.molecules.of_names(["drug 99"])
    assert Molecules.of(Source("morgan"), smiles, WORLD.table).scaler(DRUGS) is None
