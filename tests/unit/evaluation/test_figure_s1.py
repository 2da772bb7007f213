"""Figure S1: how good all completers are, and how long they take."""

import numpy as np
import pandas as pd
import pytest
from planted import completer_folds, completer_jobs

from lacuna.drawing.palette import method_colours
from lacuna.evaluation.figures import completer_times, completers

METHODS = ["mean_1d", "dnpp", "a_new_method"]


def test_completers_stand_by_their_median_with_every_fold_shown():
    panel = completers.draw(completer_folds(METHODS), METHODS, "data").axes[0]
    named = [label.get_text() for label in panel.get_yticklabels()]
    assert named == ["1D-Mean", "a_new_method", "DNPP"]
    points = {tuple(line.get_xdata()) for line in panel.lines if line.get_marker() == "o"}
    assert points == {(0.3, 0.2), (0.5, 0.6), (0.4, 0.1)}
    colours = method_colours(METHODS)
    boxes = {
        label: patch.get_facecolor()[:3] for label, patch in zip(named, panel.patches, strict=True)
    }
    assert boxes["DNPP"] == pytest.approx(colours["dnpp"])
    assert boxes["1D-Mean"] == pytest.approx(colours["mean_1d"])


def test_completers_are_drawn_of_the_small_tensor_where_it_is_scored(tmp_path):
    folds = completer_folds(METHODS)
    both = pd.concat([folds, folds.assign(size="large", pct=0.9)])
    both = both.assign(profiles=5, fallbacks=0, split="profiles")
    elsewhere = both.assign(split="drugs", pct=0.7)
    control = both.assign(method="truth", pct=1.0)
    pd.concat([both, elsewhere, control]).to_csv(tmp_path / "f.tsv", sep="\t", index=False)
    for sizes, drawn in ((["large", "small"], "small"), (["large"], "large")):
        config = {
            "completion": {"methods": ["mean_1d", "dnpp"], "options": {}},
            "evaluation": {"splits": {"profiles": {"sizes": sizes}}},
        }
        params = {**completers.FIGURE.params(config), "data": "data"}
        _, table = completers.make({"folds": tmp_path / "f.tsv"}, params)
        assert set(table["size"]) == {drawn}
        assert list(table["method"].unique()) == ["mean_1d", "dnpp"]
        assert len(table) == 6
        assert set(table["pct"].dropna()) <= {0.3, 0.2, 0.5, 0.6, 0.9}


def test_times_of_a_fold_stand_fastest_first_beside_a_job_without_a_method():
    panel = completer_times.draw(completer_jobs(METHODS), METHODS, "data", 4).axes[0]
    named = [label.get_text() for label in panel.get_yticklabels()]
    assert named == ["DNPP", "a_new_method", "1D-Mean"]
    jobs = [line.get_xdata() for line in panel.lines if line.get_marker() == "o"]
    assert [list(each) for each in jobs] == [[3, 1], [5], [20]]
    (idle,) = [line for line in panel.lines if line.get_linestyle() == "--"]
    assert list(idle.get_xdata()) == [0.5, 0.5]
    assert "a machine of 4 cores" in panel.get_xlabel()
    assert panel.get_xscale() == "log"
    axis = panel.xaxis
    assert axis.get_major_formatter()(0.5) == "0.5" and axis.get_minor_formatter()(3) == ""


def test_a_method_of_which_no_time_was_kept_is_named(tmp_path):
    jobs = completer_jobs(METHODS)
    jobs.loc[jobs["method"].isin([METHODS[0], completer_times.IDLE]), "seconds_per_fold"] = np.nan
    figure = completer_times.draw(jobs, METHODS, "data", 4)
    figure.savefig(tmp_path / "drawn.png")
    named = [label.get_text() for label in figure.axes[0].get_yticklabels()]
    assert named[-1].endswith(", not measured") and len(named) == len(METHODS)
    assert not any(name.endswith("measured") for name in named[:-1])
    assert not [line for line in figure.axes[0].lines if line.get_linestyle() == "--"]
    completer_times.draw(jobs.assign(seconds_per_fold=np.nan), METHODS, "data", 4).savefig(
        tmp_path / "nothing.png"
    )


def test_times_are_read_of_the_jobs_of_each_method(tmp_path):
    config = {
        "completion": {
            "methods": ["mean_1d", "dnpp"],
            "options": {},
            "controls": ["truth", "zeros"],
        },
        "evaluation": {
            "splits": {"profiles": {"sizes": ["large", "small"], "folds": 5}},
            "folds_per_job": 3,
        },
    }
    files = completer_times.FIGURE.files(config)["jobs"]
    assert files[1] == "benchmarks/predict_folds/small_profiles_mean_1d_1.tsv"
    for number, file in enumerate(files):
        path = tmp_path / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"s\th:m:s\tmax_rss\n{6 * (number + 1)}\t0:00:01\t-\n")
    params = {**completer_times.FIGURE.params(config), "data": "data"}
    figure, table = completer_times.make({"jobs": [tmp_path / file for file in files]}, params)
    assert table["method"].tolist() == ["mean_1d"] * 2 + ["dnpp"] * 2 + ["zeros"] * 2
    assert table["folds"].tolist() == [3, 2] * 3
    assert table["seconds_per_fold"].tolist() == [2, 6, 6, 12, 10, 18]
    assert "small tensor" in figure.get_suptitle()
    config["completion"]["controls"] = []
    assert len(completer_times.FIGURE.files(config)["jobs"]) == 4
