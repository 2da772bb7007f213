"""Examples come in batches, held or streamed; those that do not fit are refused."""

from dataclasses import replace

import numpy as np
import pytest
from planted_cells import planted_cells
from tiny_training import DRUGS, TRAINED, WORLD, equal, fit, weights

from lacuna.errors import LacunaError
from lacuna.networks import training as networks_training
from lacuna.runtime.device import find_device
from lacuna.single_cell.model import reading, trainer
from lacuna.single_cell.model.reading import Rows, cuts
from lacuna.single_cell.observations import open_observations


def test_a_last_batch_of_one_joins_the_one_before():
    assert cuts(9, 4) == [4, 5]
    assert cuts(8, 4) == [4, 4]
    assert cuts(10, 4) == [4, 4, 2]
    assert cuts(1, 4) == [1]
    assert cuts(5, 5) == [5]


@pytest.mark.parametrize("held", [True, False])
@pytest.mark.parametrize("in_memory", [True, False])
def test_an_epoch_has_each_observation_once_held_or_streamed(
    tmp_path, monkeypatch, held, in_memory
):
    world = planted_cells(drugs=16, cells=3, controls=20, genes=30, counts=True)
    drugs, observations = world.drugs[:7], world.observations
    observations.save(tmp_path / "o.h5ad", tmp_path / "drugs.tsv")
    opened = open_observations(
        tmp_path / "o.h5ad", tmp_path / "drugs.tsv", in_memory=2**30 if in_memory else 0
    )
    examples = replace(world.examples(drugs), observations=opened)
    shuffled = np.random.default_rng(0).permutation(len(examples))
    examples = replace(
        examples, **{name: getattr(examples, name)[shuffled]
                     for name in ("positions", "drug", "dose", "line", "control")},
    )  # fmt: skip
    monkeypatch.setattr(reading, "HELD_BYTES", 2**31 if held else 0)
    rows = Rows(examples, find_device("cpu"), counted=True)
    assert rows.is_held == held
    size = (len(examples) - 1) // 5
    assert len(examples) % size == 1  # a last batch of one
    epochs = []
    for _ in range(2):
        made = list(rows.batches(size))
        assert len(made) == rows.steps(size)
        assert min(len(batch.which) for batch in made) > 1
        which = np.concatenate([batch.which.numpy() for batch in made])
        assert sorted(which) == list(range(len(examples)))
        at = examples.positions[which]
        np.testing.assert_array_equal(
            np.concatenate([batch.rows.numpy() for batch in made]), observations.rows(at)
        )
        np.testing.assert_array_equal(
            np.concatenate([batch.counts.numpy() for batch in made]), observations.counts(at)
        )
        epochs.append(which)
    assert not np.array_equal(*epochs)
    assert np.abs(np.diff(epochs[0])).mean() > 5  # shuffled


def test_streamed_training_learns_as_well_and_goes_on_bit_for_bit(monkeypatch, tmp_path):
    monkeypatch.setattr(reading, "HELD_BYTES", 0)
    monkeypatch.setattr(networks_training, "SECONDS_BETWEEN_CHECKPOINTS", -1)
    first = weights(fit(epochs=4))
    assert equal(first, weights(fit(epochs=4)))
    epoch, done = trainer._Run._epoch, []

    def killed(*arguments):
        done.append(None)
        if len(done) == 3:
            raise KeyboardInterrupt
        return epoch(*arguments)

    monkeypatch.setattr(trainer._Run, "_epoch", killed)
    with pytest.raises(KeyboardInterrupt):
        fit(epochs=4, work=tmp_path)
    assert equal(first, weights(fit(epochs=4, work=tmp_path)))


def test_combinations_are_learned_with_several_labels_and_refused_with_one():
    pairs = np.column_stack([TRAINED.drug[:, 0], np.roll(TRAINED.drug[:, 0], 7)])
    pairs[::3, 1] = -1
    doses = np.column_stack([TRAINED.dose[:, 0], np.ones(len(TRAINED))]).astype(np.float32)
    combined = replace(TRAINED, drug=pairs, dose=doses)
    model = fit(combined, drug_adversary="multi_label")
    assert np.isfinite(model.losses["training"]).all()
    with pytest.raises(LacunaError, match="Set drug_adversary: multi_label"):
        fit(combined)


def bad(**parts):
    return replace(TRAINED, **parts)


@pytest.mark.parametrize(
    ("examples", "message"),
    [
        (bad(positions=TRAINED.positions[:1]), "at least 2"),
        (bad(drug=TRAINED.drug[1:]), "do not belong"),
        (bad(drug=TRAINED.drug + 99), "do not belong"),
        (bad(line=TRAINED.line + 3), "do not belong"),
        (bad(positions=TRAINED.positions * 0), "different observations"),
        (bad(dose=TRAINED.dose * np.nan), "micromolar, 0 or more"),
        (bad(dose=TRAINED.dose - 1), "micromolar, 0 or more"),
    ],
)
def test_examples_that_do_not_fit_are_refused(examples, message):
    with pytest.raises(LacunaError, match=message):
        fit(examples, None)


def test_observations_without_numbers_controls_or_counts_are_refused():
    observations = planted_cells(drugs=4, cells=3, controls=4, genes=30).observations
    observations._matrices["X"][7, 3] = np.nan
    broken = replace(TRAINED, observations=observations, positions=np.arange(len(TRAINED)))
    broken = replace(
        broken, positions=np.arange(40),
        **{name: getattr(TRAINED, name)[:40] for name in ("drug", "dose", "line", "control")},
    )  # fmt: skip
    with pytest.raises(LacunaError, match="observation 'cell 7' is missing or infinite"):
        fit(broken, None)
    with pytest.raises(LacunaError, match="no controls among"):
        fit(WORLD.examples(DRUGS[:10], controls=False), None)
    with pytest.raises(LacunaError, match="no counts"):
        fit(likelihood="negative_binomial")
