"""Methods predict profiles of any scale as they predict those of unit length."""

from dataclasses import replace

import numpy as np
import pytest
from toy import clustered

from lacuna.completion.interface import SideInformation
from lacuna.completion.lengths import length_of
from lacuna.completion.model import CompletionModel
from lacuna.completion.registry import available, is_trained
from lacuna.completion.run import prepare_method, run_method

SMILES = np.array([f"{'C' * number}O" for number in range(1, 17)])
FAST = {"blend": {"members": ["additive", "kernel"]}, "as_matrix": {"max_iterations": 20}}


def uneven(factor):
    """Profiles of several lengths, and what methods may use besides."""
    tensor = clustered(drugs=16, cells=4, missing=0.3, seed=1, genes=24)
    length = np.random.default_rng(5).uniform(0.3, 2, len(tensor))[:, None]
    side = SideInformation(smiles=SMILES)
    return replace(tensor, profiles=(factor * length * tensor.profiles).astype(np.float32)), side


@pytest.mark.parametrize("name", [name for name in available() if not is_trained(name)])
def test_what_is_predicted_has_the_scale_of_the_input(name):
    made = []
    for factor in (1, 16):
        tensor, side = uneven(factor)
        held_out, rest = tensor.take(np.arange(5)), tensor.take(np.arange(5, len(tensor)))
        side = replace(side, answers=held_out)
        rng = np.random.default_rng(0)
        options = FAST.get(name, {})
        made.append(run_method(name, rest, held_out.pairs, side, rng, options))
    if name == "random":  # of unit length, whatever it is asked of
        return
    one, other = made
    assert np.allclose(other.profiles, 16 * one.profiles, rtol=1e-3, atol=1e-4)
    if one.stderr is not None:
        assert np.allclose(other.stderr, 16 * one.stderr, rtol=1e-3, atol=1e-4)


def test_a_kept_model_predicts_at_the_scale_of_its_tensor():
    tensor, side = uneven(16)
    wanted = tensor.missing_pairs
    prepared = prepare_method("kernel", tensor, wanted, side, np.random.default_rng(0), {})
    model = CompletionModel.learn(
        "kernel", "kernel", {}, tensor, side, prepared, np.random.default_rng(1)
    )
    again, first = model.predict_gaps(tensor, side)(wanted), prepared(wanted)
    assert np.allclose(again.profiles, first.profiles, atol=1e-4)
    assert np.allclose(again.stderr, first.stderr, rtol=1e-4)
    new = model.predict_new(tensor, side, SMILES[:2])(np.array([[0, 1], [1, 0]]))
    assert 0.1 < np.linalg.norm(new.profiles, axis=1).mean() / length_of(tensor) < 3


def test_profiles_of_unit_length_are_left_as_they_are():
    assert length_of(clustered()) == 1
    tensor, _ = uneven(3)
    assert length_of(tensor) == pytest.approx(
        np.sqrt(np.mean(np.linalg.norm(tensor.profiles, axis=1) ** 2)), rel=1e-5
    )
