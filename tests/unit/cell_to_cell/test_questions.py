"""What trainings are scored on, and that no answer reaches them."""

import numpy as np
import pandas as pd
import pytest
from studied import chosen_of, design_of, scores_of, settings_of, studied
from toy import at, clustered

from lacuna.cell_to_cell.analyses import ALL_INPUTS, MEAN_INPUT, STUDY_CELLS
from lacuna.cell_to_cell.study import TEST
from lacuna.completion.methods.deepcellstate import DeepCellState
from lacuna.completion.variants import Variant

CELLS = (0, 1, 3)
COPY = Variant("mean_1d", "mean_1d")


@pytest.fixture(scope="module")
def study():
    return studied(clustered(drugs=60))


def correlation(one, other):
    return np.corrcoef(one, other)[0, 1]


def test_the_copy_is_the_mean_of_the_drugs_other_profiles(study, tmp_path):
    methods = (COPY, Variant("additive", "additive"))
    scores = scores_of("methods", study, tmp_path, design_of(methods=methods))
    of_mean = scores[scores["setting"] == "mean_1d"]
    assert np.array_equal(of_mean["pearson"], of_mean["copy"])
    test = study.take(TEST)
    assert len(scores) == 2 * len(test)
    for row, (drug, cell) in zip(of_mean.itertuples(), test.pairs, strict=True):
        inputs = [other for other in CELLS if other != cell and at(test, drug, other) is not None]
        assert row.inputs == len(inputs)
        assert row.given == (f"c{inputs[0]}" if len(inputs) == 1 else "")
        mean = np.mean([at(test, drug, other) for other in inputs], axis=0)
        assert row.copy == pytest.approx(correlation(mean, at(test, drug, cell)), abs=1e-5)


def test_from_an_unseen_cell_the_copy_is_its_profile(study, tmp_path):
    scores = scores_of("unseen_cell", study, tmp_path, design_of(COPY))
    assert list(scores["setting"].unique()) == [STUDY_CELLS, "c2", "c4"]
    tests = {(f"d{drug}", f"c{cell}") for drug, cell in study.take(TEST).pairs}
    for cell in (2, 4):
        rows = scores[scores["setting"] == f"c{cell}"]
        assert rows["inputs"].eq(1).all() and rows["given"].eq(f"c{cell}").all()
        expected = {p for p in tests if study.tensor.counts[int(p[0][1:]), cell]}
        assert set(zip(rows["drug"], rows["cell"], strict=True)) == expected
        for row in rows.itertuples():
            drug, into = int(row.drug[1:]), int(row.cell[1:])
            given, truth = at(study.tensor, drug, cell), at(study.tensor, drug, into)
            assert row.copy == pytest.approx(correlation(given, truth), abs=1e-5)


def test_without_other_cells_there_is_no_unseen_one(tmp_path):
    study = studied(clustered(drugs=60, cells=2), (0, 1))
    for analysis in ("unseen_cell", "inputs"):
        assert scores_of(analysis, study, tmp_path, design_of(cells=2)).empty


def test_an_unseen_cell_is_asked_of_a_training_that_is_there_already(study, tmp_path, capsys):
    scores_of("unseen_cell", study, tmp_path)
    assert capsys.readouterr().out.count("trained on") == 1


class Translator(DeepCellState):
    """Moves every gene of a profile by one, twice as far from the second cell."""

    def translate(self, profiles, cells, cell):
        moved = np.roll(profiles, 1, axis=1)
        return np.where(np.asarray(cells)[:, None] == 1, 2 * moved, moved).astype(np.float32)


@pytest.fixture
def translated(monkeypatch):
    from lacuna.cell_to_cell import questions

    real = questions.train_method

    def train(name, observed, side, rng, options, work=None):
        if name != "deepcellstate":
            return real(name, observed, side, rng, options, work)
        cells = np.arange(len(observed.cells))
        return Translator(None, cells, 1.0, "all", "mean_2d", None)

    monkeypatch.setattr(questions, "train_method", train)


def test_profiles_are_predicted_from_ever_more_input_cells(study, tmp_path, translated):
    design = design_of(Variant("deepcellstate", "deepcellstate"))
    chosen = chosen_of(settings_of("inputs", design)[0], study)
    scores = scores_of("inputs", study, tmp_path, design)
    order = list(scores["setting"].unique())
    assert order[:2] == ["1 input cell", "2 input cells"]
    assert order[-2:] == [ALL_INPUTS, MEAN_INPUT]
    given = chosen.given
    inputs = {
        (f"d{drug}", f"c{cell}"): [
            (other, at(given, drug, other))
            for other in range(5)
            if other != cell and at(given, drug, other) is not None
        ]
        for drug, cell in chosen.test.pairs
    }
    for setting, rows in scores.groupby("setting"):
        number = int(setting[0]) if setting[0].isdigit() else 1
        assert {*zip(rows["drug"], rows["cell"], strict=True)} == {
            place for place, of_one in inputs.items() if len(of_one) >= number
        }
        for row in rows.itertuples():
            of_one = inputs[row.drug, row.cell]
            truth = at(chosen.test, int(row.drug[1:]), int(row.cell[1:]))
            if setting == "1 input cell":
                alone = [correlation(np.roll(profile, 1), truth) for _, profile in of_one]
                assert np.isclose(alone, row.pearson, atol=1e-5).any()
            if setting == ALL_INPUTS:
                moved = [np.roll(profile, 1) * (1 + (cell == 1)) for cell, profile in of_one]
                assert row.pearson == pytest.approx(
                    correlation(np.mean(moved, axis=0), truth), abs=1e-5
                )
                assert row.inputs == len(of_one)
            if setting == MEAN_INPUT:
                mean = np.mean([profile for _, profile in of_one], axis=0)
                assert row.pearson == pytest.approx(correlation(np.roll(mean, 1), truth), abs=1e-5)
                assert row.copy == pytest.approx(correlation(mean, truth), abs=1e-5)


def test_types_are_scored_apart(tmp_path):
    tensor = clustered(drugs=120)
    types = np.where(np.arange(120) % 3 == 0, "trt_sh", "trt_cp")
    study = studied(tensor, drugs=pd.DataFrame({"drug": tensor.drugs, "pert_type": types}))
    scores = scores_of("loss_of_function", study, tmp_path)
    ways = ["trained alone", "trained together", "not trained on"]
    assert {*scores["setting"]} == {f"trt_sh, {way}" for way in ways} | {
        f"trt_cp, {way}" for way in ways[:2]
    }
    by_drug = dict(zip(tensor.drugs, types, strict=True))
    assert scores["drug"].map(by_drug).eq(scores["setting"].str[:6]).all()
    assert scores["reference"].eq(scores["setting"].str[:6] + ", trained alone").all()
    assert (scores["pert_type"] == scores["setting"].str[:6]).all()


def test_no_answer_reaches_the_method(study, tmp_path, monkeypatch):
    """Every prediction is made without any test drug's profile in the cell that is predicted."""
    from lacuna.completion.methods import mean_2d

    asked = []

    def prepare(observed, wanted, side, rng, **options):
        cell = wanted[0, 1]
        assert (wanted[:, 1] == cell).all()
        seen = set(observed.drug[observed.cell == cell])
        assert not seen & set(wanted[:, 0])
        asked.append(len(wanted))
        return original(observed, wanted, side, rng, **options)

    original = mean_2d.prepare
    monkeypatch.setattr(mean_2d, "prepare", prepare)
    design = design_of(Variant("mean_2d", "mean_2d"))
    mechanisms = pd.Series(["a", "b"] * 30, study.tensor.drugs)
    for analysis in (
        "training_drugs",
        "unseen_cell",
        "families",
        "thinned",
        "folds",
        "added_cells",
    ):
        asked.clear()
        scores = scores_of(analysis, study, tmp_path, design, mechanisms=mechanisms)
        assert sum(asked) == len(scores)


def test_the_same_seed_scores_the_same_and_a_repeat_is_another_training(study, tmp_path):
    design = design_of(methods=(Variant("random", "random"),))
    first, again = (scores_of("methods", study, tmp_path / n, design, 2) for n in "ab")
    pd.testing.assert_frame_equal(first, again)
    one, two = (rows["pearson"].to_numpy() for _, rows in first.groupby("repeat"))
    assert not np.allclose(one, two)
