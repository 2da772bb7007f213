"""Both steps together, their errors, and the model file."""

import numpy as np
import pandas as pd
import pytest
from bilingual import bilingual, translation

from lacuna.errors import DamagedFile, LacunaError
from lacuna.io import hdf5
from lacuna.translation import chain, model
from lacuna.translation.chain import END_TO_END, Genes
from lacuna.translation.interface import GenomeTraining
from lacuna.translation.judge import compare_rows, identify


@pytest.fixture(scope="module")
def world():
    return bilingual(np.random.default_rng(8))


@pytest.mark.parametrize("second", ["ridge", END_TO_END])
def test_a_chain_finds_the_genome_of_what_l1000_saw(world, second):
    made = translation(world, second=second).predict(world.seen)
    mean = np.broadcast_to(world.whole.genome.mean(axis=0), world.genome.shape)
    ours, controls = (compare_rows(rows.T, world.genome.T).mean() for rows in (made, mean))
    assert ours["rmse"] < 0.35 * controls["rmse"]
    assert (identify(made, world.genome).rank == 1).mean() > 0.9


def test_landmarks_are_those_of_step_1_or_of_all_genes(world):
    two, one = translation(world), translation(world, second=END_TO_END)
    np.testing.assert_array_equal(two.landmarks(world.seen), two.steps[0].predict(world.seen))
    np.testing.assert_array_equal(one.landmarks(world.seen), one.predict(world.seen)[:, :12])
    with pytest.raises(
        LacunaError, match=r"1 landmarks are not among the genes of the model: .?X1"
    ):
        _ = Genes(["X1"], ["A", "B"]).landmarks_at


def test_signatures_pass_through_linear_chains_alone(world):
    before, after = world.seen[:5], world.seen[5:10]
    for second in ("ridge", END_TO_END):
        linear = translation(world, second=second)
        expected = linear.predict(after) - linear.predict(before)
        np.testing.assert_allclose(linear.difference(after - before), expected, atol=1e-3)
        assert chain.is_linear(linear.names)
    for names in (("quantiles", "ridge"), ("ratio", "extrapolator"), ("ratio", "nearest")):
        bent = translation(world, *names)
        assert not chain.is_linear(names)
        culprit = next(name for name in names if name not in ("ratio", "ridge"))
        with pytest.raises(LacunaError, match=f"step {culprit} is not linear"):
            bent.difference(after - before)


def test_errors_are_measured_on_studies_left_out():
    """Each study has its own offset, which inside the study would be learnt."""
    rng = np.random.default_rng(9)
    study = np.repeat(np.arange(20), 15)
    marks = rng.normal(size=(300, 4))
    spread = np.array([0.5, 2.0])
    genome = marks[:, :2] + spread * rng.normal(size=(20, 2))[study]
    training = GenomeTraining(marks.astype("f4"), genome.astype("f4"), study, np.zeros(4))
    left = chain.leave_studies_out("ridge", training, np.random.default_rng(0))
    np.testing.assert_allclose(left.stderr(), spread, rtol=0.4)
    assert len(np.unique(left.fold)) == 20
    assert all(len(np.unique(study[left.fold == fold])) == 1 for fold in range(20))
    np.testing.assert_array_equal(left.real, genome.astype("f4"))


def test_errors_of_a_fold_do_not_judge_it():
    real = np.zeros((30, 2), "f4")
    predicted = np.ones((30, 2), "f4")
    predicted[:10] = 100
    left = chain.LeftOut(np.arange(30), predicted, real, np.repeat([0, 1, 2], 10))
    assert (left.stderr(without=0) == 1).all()
    assert (left.stderr(without=1) > 1).all()


@pytest.mark.parametrize(
    "names", [("ratio", "ridge"), ("cyclegan", "extrapolator"), ("moments", END_TO_END)]
)
def test_a_model_is_read_as_it_was_written(world, tmp_path, names):
    written = translation(world, *names)
    model.save_model(tmp_path / "model.h5", written, model.digest_of(world.seen))
    read = model.load_model(tmp_path / "model.h5")
    assert read.genes == written.genes
    assert (read.names, read.logarithm) == (written.names, written.logarithm)
    np.testing.assert_array_equal(read.stderr, written.stderr)
    np.testing.assert_array_equal(read.reference.sorted_values, written.reference.sorted_values)
    np.testing.assert_allclose(read.predict(world.seen), written.predict(world.seen), atol=1e-5)
    again = tmp_path / "again.h5"
    model.save_model(again, written, model.digest_of(world.seen))
    assert again.read_bytes() == (tmp_path / "model.h5").read_bytes()


def test_what_is_no_model_is_refused_by_name(world, tmp_path):
    path = tmp_path / "model.h5"
    hdf5.save(path, {"genes": np.array(["A"], dtype=object)})
    with pytest.raises(LacunaError, match=r"model\.h5: not a model of a translation"):
        model.load_model(path)
    model.save_model(path, translation(world), "")
    whole = path.read_bytes()
    for cut in (0, 100, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole[:cut])
        with pytest.raises(LacunaError, match=r"model\.h5"):
            model.load_model(path)
    for where in range(0, len(whole), len(whole) // 40):
        damaged = bytearray(whole)
        damaged[where] ^= 0xFF
        path.write_bytes(damaged)
        try:
            model.load_model(path)
        except LacunaError as error:
            assert "model.h5" in str(error)


def test_a_model_whose_parts_are_missing_is_damaged(world, tmp_path):
    path = tmp_path / "model.h5"
    model.save_model(path, translation(world), "")
    content = hdf5.load(path)
    for name in ("genes", "reference", "genome.weights", "stderr"):
        hdf5.save(path, {key: value for key, value in content.items() if key != name})
        with pytest.raises(DamagedFile, match="do not make a translation"):
            model.load_model(path)
    facts = content["facts"].copy()
    facts.loc[facts["key"] == "format", "value"] = "99"
    hdf5.save(path, content | {"facts": facts})
    with pytest.raises(LacunaError, match="format 99"):
        model.load_model(path)
    assert isinstance(facts, pd.DataFrame)
