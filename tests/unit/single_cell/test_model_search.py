"""The search draws from the paper's ranges, keeps what is disentangled, and outlives a kill."""

import json
import math

import numpy as np
import pandas as pd
import pytest
from planted_cells import planted_cells

from lacuna.completion.card import declared_options
from lacuna.errors import LacunaError
from lacuna.single_cell.model import search as module
from lacuna.single_cell.model.search import SPACES, TRIALS, drawn, search
from lacuna.single_cell.model.train import train
from lacuna.single_cell.model.trainer import Diverged
from lacuna.single_cell.model.validation import Validation

optuna = pytest.importorskip("optuna", reason="pip install 'lacuna[retrieval]'")
WORLD = planted_cells(drugs=8, cells=6, controls=9, genes=20, descriptors=6)
EXAMPLES = WORLD.examples(WORLD.drugs[:6])
CHECKED = Validation(WORLD.examples(WORLD.drugs[6:], controls=2))
FIXED = {
    "dimensions": 4, "autoencoder_width": 8, "autoencoder_depth": 1, "encoder_width": 8,
    "encoder_depth": 1, "doser_width": 4, "doser_depth": 1, "adversary_width": 8,
    "adversary_depth": 1, "epochs": 2, "check_every": 1, "batch": 64, "device": "cpu",
}  # fmt: skip


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    disentanglement = module.disentanglement
    monkeypatch.setattr(
        module, "disentanglement", lambda *arguments: disentanglement(*arguments, epochs=2)
    )


def run(seed=0, **options):
    return search(
        EXAMPLES, CHECKED, np.random.default_rng(seed),
        **{"trials": 3, "space": "fine_tuning", "fixed": FIXED, **options},
    )  # fmt: skip


def test_spaces_are_tables_6_and_7_and_the_ranges_of_fine_tuning():
    table_6 = SPACES["pretraining"]
    assert table_6["drug_weight"] == (5, 100)
    assert table_6["penalty_weight"] == (1, 10)
    assert sorted(table_6["dimensions"]) == [32, 64]
    assert sorted(table_6["batch"]) == [32, 64, 128]
    assert sorted(table_6["doser_width"]) == [64, 128, 256, 512]
    assert set(SPACES["encoder"]) == {"doser_width", "doser_depth", "doser_rate", "doser_decay",
                                      "encoder_width", "encoder_depth"}  # fmt: skip
    assert SPACES["fine_tuning"]["line_weight"] == (3, 50)
    assert SPACES["fine_tuning"]["penalty_weight"] == (0.05, 2)
    options = declared_options(train)
    for space, ranges in SPACES.items():
        seen = pd.DataFrame([drawn(space, seed) for seed in range(60)])
        for name, values in ranges.items():
            for value in seen[name]:
                assert options[name].fault(value) is None
            if isinstance(values, list):
                assert set(seen[name]) == set(values)
            else:
                low, high = values
                assert seen[name].between(low, high).all()
                # on a logarithmic scale: half lies below the geometric mean
                assert 0.25 < (seen[name] < math.sqrt(low * high)).mean() < 0.75


def test_the_best_by_validation_of_those_that_pass_are_kept(monkeypatch):
    told = [  # score, drug passes, line passes
        (0.9, True, False), (0.5, True, True), (None, None, None), (0.6, True, True),
        (0.1, True, True), (0.2, True, True), (0.3, True, True), (0.4, True, True),
    ]  # fmt: skip

    def tried(*_):
        score, drug, line = told[len(seen)]
        seen.append(score)
        if score is None:
            return {"score": None}
        return {"score": score, "drug": 0.1, "line": 0.1, "drug_passes": drug, "line_passes": line}

    seen = []
    monkeypatch.setattr(module, "_tried", tried)
    found = run(trials=8)
    assert found.trials.loc[found.trials["best"], "trial"].tolist() == [1, 3, 5, 6, 7]
    row = found.trials.iloc[3]
    assert all(row[name] == value for name, value in found.options.items())
    assert math.isnan(found.trials["score"][2])
    seen.clear()
    told[:] = [(score, False, line) for score, _, line in told]
    assert run(trials=8).trials["best"].tolist() == [
        True,
        True,
        False,
        True,
        False,
        False,
        True,
        True,
    ]
    seen.clear()
    told[:] = [(None, None, None)] * 8
    with pytest.raises(LacunaError, match="trainings of all 8 trials diverged"):
        run(trials=8)


def test_trials_are_trained_and_classified_and_a_diverged_one_is_counted(monkeypatch):
    found = run()
    assert len(found.trials) == 3
    assert found.trials[["drug", "line"]].to_numpy().min() > 0
    assert found.trials["best"].all()
    assert found.options["epochs"] == 2
    assert 1e-4 <= found.options["autoencoder_rate"] <= 1e-2
    calls = []

    def sometimes(*arguments, **options):
        calls.append(options)
        if len(calls) == 1:
            raise Diverged("no number")
        return train(*arguments, **options)

    monkeypatch.setattr(module, "train", sometimes)
    assert run().trials["score"].isna().tolist() == [True, False, False]


def test_a_search_that_is_killed_gives_the_same_trials(tmp_path, monkeypatch):
    whole, calls = run(work=tmp_path / "whole").trials, []

    def killed(*arguments, **options):
        calls.append(None)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return train(*arguments, **options)

    monkeypatch.setattr(module, "train", killed)
    with pytest.raises(KeyboardInterrupt):
        run(work=tmp_path / "killed")
    resumed = run(work=tmp_path / "killed").trials
    assert len(calls) == 4
    assert whole.equals(resumed)
    assert not run(seed=1, work=tmp_path / "killed").trials.equals(whole)  # another search
    for text in ("{", json.dumps({"start": "", "trials": 3})):
        (tmp_path / "killed" / TRIALS).write_text(text)
        calls.clear()
        calls.extend([None, None])
        assert run(work=tmp_path / "killed").trials.equals(whole)


def test_no_trials_and_unknown_spaces_are_refused():
    for wrong in ({"trials": 0}, {"space": "anywhere"}):
        with pytest.raises(LacunaError, match="expected at least one in one of pretraining"):
            run(**wrong)
