"""What a method learnt is kept: it predicts as before, learns nothing anew, and fits one tensor."""

from dataclasses import replace

import numpy as np
import pytest
from damage import cut_short, empty, flip_a_byte
from structured import joined, learn, screen, structures
from toy import clustered

from lacuna.completion.interface import SideInformation
from lacuna.completion.methods import blend, kernel, ntk
from lacuna.completion.model import CompletionModel
from lacuna.completion.registry import available, keeps_model, method_of_new_drugs
from lacuna.completion.run import predict_in_blocks, run_method
from lacuna.completion.shared import shrinkage
from lacuna.completion.shared.holdout import ColdStart, kinds_of_new_drugs
from lacuna.errors import DamagedFile, LacunaError
from lacuna.io import hdf5
from lacuna.io.model_file import FACTS
from lacuna.tensor.profiles import ProfileSet

KEPT = ("kernel", "blend")
NEW = np.array(["CCCc1ccoc1", "OC(=O)C1CCSCC1", "c1ccc2ccccc2c1"], object)


@pytest.fixture(scope="module")
def world():
    tensor, side, _ = screen(drugs=48)
    return tensor, side


@pytest.fixture(scope="module")
def models(world):
    return {name: learn(*world, name) for name in KEPT}


@pytest.fixture(params=KEPT)
def saved(request, models, tmp_path):
    _, model = models[request.param]
    model.save(tmp_path / "m.model.h5")
    return tmp_path / "m.model.h5"


def all_pairs(drugs, cells):
    return np.argwhere(np.ones((drugs, cells), bool))


def forbid_learning(monkeypatch):
    def refuse(*_, **__):
        raise AssertionError("learns anew")

    for module, function in [
        *((kernel, name) for name in ("tune", "fit_weights", "draw_holdouts")),
        *((blend, name) for name in ("fit_blend", "fit_weights", "prepare_members")),
        *((ntk, name) for name in ("solve", "solve_by_landmarks")),
        (shrinkage.Effects, "fit"),
    ]:
        monkeypatch.setattr(module, function, refuse)


@pytest.mark.parametrize("name", KEPT)
def test_a_kept_model_fills_the_gaps_as_the_product_has_them(
    name, world, models, tmp_path, monkeypatch
):
    tensor, side = world
    gaps = tensor.missing_pairs
    prepared, model = models[name]
    expected = joined(predict_in_blocks(name, prepared, tensor, gaps))
    model.save(tmp_path / "m.model.h5")
    forbid_learning(monkeypatch)
    kept = CompletionModel.load(tmp_path / "m.model.h5")
    kept.check_fits(tensor, side)
    found = kept.predict_gaps(tensor, side)(gaps)
    assert np.allclose(found.profiles, expected.profiles, atol=1e-6)
    assert np.allclose(found.stderr, expected.stderr, rtol=1e-5)
    assert found.fallback is None or np.array_equal(found.fallback, expected.fallback)


@pytest.mark.parametrize("name", KEPT)
def test_a_new_drug_is_predicted_as_on_a_grid_that_has_it(name, world, models, monkeypatch):
    tensor, side = world
    known, cells = len(tensor.drugs), len(tensor.cells)
    pairs = all_pairs(len(NEW), cells)
    extended = replace(tensor, drugs=np.concatenate([tensor.drugs, ["a", "b", "c"]]))
    informed = SideInformation(np.concatenate([side.smiles, NEW]))
    rng = np.random.default_rng(1)  # as the model learnt with
    expected = run_method(name, extended, pairs + np.array([known, 0]), informed, rng, {})
    forbid_learning(monkeypatch)
    found = models[name][1].predict_new(tensor, side, NEW)(pairs)
    # Weights are searched in single precision, of a grid with three more drugs.
    assert np.allclose(found.profiles, expected.profiles, atol=1e-3)
    assert np.allclose(found.stderr, expected.stderr, rtol=1e-2)
    assert np.abs(expected.profiles).max() > 0.1


def test_a_drug_is_predicted_alone_as_among_others(world, models):
    tensor, side = world
    _, model = models["kernel"]
    cells = len(tensor.cells)
    together = model.predict_new(tensor, side, NEW)(all_pairs(len(NEW), cells)).profiles
    for number, smiles in enumerate(NEW):
        alone = model.predict_new(tensor, side, np.array([smiles], object))(all_pairs(1, cells))
        rows = slice(number * cells, (number + 1) * cells)
        assert np.allclose(alone.profiles, together[rows], atol=1e-5)


def test_a_blend_leaves_new_drugs_to_its_last_member(models):
    _, of_blend = models["blend"]
    _, of_kernel = models["kernel"]
    assert (of_blend.of_new_drugs, of_kernel.of_new_drugs) == ("kernel", "kernel")
    assert of_blend.new_drugs.keys() == of_kernel.new_drugs.keys()
    assert all(
        np.array_equal(of_blend.new_drugs[key], of_kernel.new_drugs[key])
        for key in of_kernel.new_drugs
    )


def test_learning_of_new_drugs_changes_nothing_of_what_fills_gaps(world, models):
    tensor, side = world
    gaps, (prepared, _) = tensor.missing_pairs, models["kernel"]
    plain = run_method("kernel", tensor, gaps, side, np.random.default_rng(0), {})
    assert np.array_equal(prepared(gaps).profiles, plain.profiles)


def test_structures_tell_what_new_drugs_do_and_unrelated_ones_nothing():
    def agreement(unrelated):
        tensor, side, effect = screen(unrelated=unrelated)
        is_new = np.arange(len(tensor.drugs)) >= 60
        held_out = is_new[tensor.drug]
        observed = tensor.take(~held_out)
        known = ProfileSet(
            *(getattr(observed, name) for name in ("profiles", "drug", "cell")),
            *(tensor.drugs[~is_new], tensor.cells, tensor.genes, observed.reliability),
        )
        informed = SideInformation(side.smiles[~is_new])
        _, model = learn(known, informed)
        pairs = all_pairs(int(is_new.sum()), len(tensor.cells))
        found = model.predict_new(known, informed, side.smiles[is_new])(pairs).profiles
        truth = effect[is_new].reshape(found.shape)
        mean = known.mean_by_cell()[0][pairs[:, 1]]
        return [
            np.mean([np.corrcoef(*rows)[0, 1] for rows in zip(one, truth, strict=True)])
            for one in (found, mean)
        ]

    by_structure, by_mean = agreement(unrelated=False)
    assert by_structure > by_mean + 0.3
    by_structure, by_mean = agreement(unrelated=True)
    assert by_structure < by_mean + 0.1


def test_which_methods_keep_a_model():
    assert {name for name in available() if keeps_model(name, {})} == set(KEPT)
    assert keeps_model("blend", {"members": ["additive", "kernel"]})
    assert not keeps_model("blend", {"members": ["kernel", "additive"]})  # knows no structures
    assert not keeps_model("blend", {"members": ["falrtc", "kernel"]})
    assert method_of_new_drugs("blend", {"members": ["dnpp", "kernel"]}) == "kernel"
    assert method_of_new_drugs("falrtc", {}) == "falrtc"


def test_options_are_kept():
    tensor, side, _ = screen(drugs=18)
    gaps = tensor.missing_pairs
    for name, options in (
        ("kernel", {"neighbours": 3}),
        ("blend", {"members": ["dnpp", "kernel"]}),
    ):
        prepared, model = learn(tensor, side, name, **options)
        found = model.predict_gaps(tensor, side)(gaps).profiles
        assert np.allclose(found, prepared(gaps).profiles, atol=1e-6)


def test_kinds_of_cold_start_of_new_drugs():
    tensor = clustered()
    assert kinds_of_new_drugs(tensor) == [ColdStart(True, False)]
    without = tensor.take(tensor.cell != 2)
    assert kinds_of_new_drugs(without) == [ColdStart(True, False), ColdStart(True, True)]


def test_a_new_drug_is_predicted_in_a_cell_without_profiles(world):
    tensor, side = world
    tensor = tensor.take(tensor.cell != 2)
    _, model = learn(tensor, side)
    found = model.predict_new(tensor, side, NEW)(all_pairs(len(NEW), len(tensor.cells)))
    assert np.isfinite(found.profiles).all()
    assert (found.stderr > 0).all()


def test_a_grid_without_gaps_keeps_a_model(world):
    _, side, _ = screen(drugs=30)
    whole = clustered(drugs=30, cells=4, missing=0)
    prepared, model = learn(whole, side)
    assert list(predict_in_blocks("kernel", prepared, whole, whole.missing_pairs)) == []
    found = model.predict_new(whole, side, NEW)(all_pairs(len(NEW), 4))
    assert np.isfinite(found.profiles).all()


# What does not fit


def other(tensor, **changes):
    return replace(tensor, **changes)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda t: {"genes": np.array([*t.genes[:-1], "other"])}, "40 genes, .*others, as 'other'"),
        (lambda t: {"genes": t.genes[::-1]}, "40 genes, .*in another order"),
        (lambda t: {"cells": np.array([*t.cells[:-1], "HeLa"])}, "4 cells, .*others, as 'HeLa'"),
        (lambda t: {"drugs": np.array([*t.drugs, "new"])}, "48 drugs, and the tensor has 49"),
        (lambda t: {"profiles": t.profiles[::-1]}, "other profiles, structures or baseline"),
        (lambda t: {"cell": t.cell.max() - t.cell}, "other profiles, structures or baseline"),
        (lambda t: {"drug": t.drug.max() - t.drug}, "other profiles, structures or baseline"),
    ],
    ids=["genes", "order", "cells", "drugs", "profiles", "in other cells", "of other drugs"],
)
def test_a_model_of_another_tensor_is_refused_with_the_reason(world, models, change, said):
    tensor, side = world
    _, model = models["kernel"]
    with pytest.raises(
        LacunaError, match=f"the model of kernel .*{said}.*Complete the tensor again"
    ):
        model.check_fits(other(tensor, **change(tensor)), side)


def test_a_model_of_other_structures_is_refused(world, models):
    tensor, _ = world
    changed = SideInformation(structures(48)[0][::-1].copy())
    with pytest.raises(LacunaError, match="other profiles, structures or baseline"):
        models["kernel"][1].check_fits(tensor, changed)


def test_where_no_structure_is_known_nothing_is_predicted(world):
    tensor, _ = world
    _, model = learn(tensor, SideInformation())
    with pytest.raises(LacunaError, match="no structure is known of any drug"):
        model.predict_new(tensor, SideInformation(), NEW)


@pytest.mark.parametrize("damage", [cut_short, flip_a_byte, empty])
def test_a_damaged_model_is_named(saved, damage):
    saved.write_bytes(damage(saved.read_bytes()))
    with pytest.raises(DamagedFile, match=r"m\.model\.h5"):
        CompletionModel.load(saved)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("genes", np.zeros((3, 2))),
        ("gaps.neighbours", None),
        ("new_drugs.kind2.calibration", np.array([np.nan, 1.0])),
        ("new_drugs.kind2.subspace0.weights", np.ones(3)),
        ("new_drugs.kind2.subspace1.directions", np.ones((7, 24), np.float32)),
        ("new_drugs.kind2.subspaces", np.array([9])),
        ("new_drugs.neighbours", None),
        ("new_drugs.kind2.calibration", np.ones(5)),
    ],
)
def test_a_model_with_parts_that_do_not_fit_is_refused(world, models, tmp_path, name, value):
    tensor, side = world
    models["kernel"][1].save(tmp_path / "m.model.h5")
    content = hdf5.load(tmp_path / "m.model.h5")
    content.pop(name)
    hdf5.save(tmp_path / "m.model.h5", content | ({} if value is None else {name: value}))
    with pytest.raises(LacunaError, match=r"(?i)complete the tensor again"):
        model = CompletionModel.load(tmp_path / "m.model.h5")
        model.predict_gaps(tensor, side)
        model.predict_new(tensor, side, NEW)


def test_another_model_file_is_named(tmp_path, models):
    models["kernel"][1].save(tmp_path / "m.model.h5")
    content = hdf5.load(tmp_path / "m.model.h5")
    content[FACTS]["value"] = content[FACTS]["value"].replace(
        "lacuna completion", "lacuna retrieval"
    )
    hdf5.save(tmp_path / "m.model.h5", content)
    with pytest.raises(LacunaError, match=r"completed/METHOD\.model\.h5"):
        CompletionModel.load(tmp_path / "m.model.h5")


def test_a_model_names_a_method_that_is_there(world, models):
    tensor, side = world
    with pytest.raises(LacunaError, match="unknown method 'kernal'"):
        replace(models["kernel"][1], of_new_drugs="kernal").predict_new(tensor, side, NEW)
    with pytest.raises(LacunaError, match="FaLRTC learns cannot be kept"):
        replace(models["kernel"][1], method="falrtc").predict_gaps(tensor, side)
