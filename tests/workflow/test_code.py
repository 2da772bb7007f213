"""Code is an input: what a changed library reruns, and that old and new code are never mixed."""

import re

import pytest
import yaml
from project import NO_SPLITS, TINY, Project

CONFIG = {
    "acquire": {"simulator": {"drugs": 30, "cells": 4, "mechanisms": 5}},
    "signatures": {"null_draws": 1000},
    "tensor": TINY["tensor"],
    "completion": {
        "methods": ["mean_1d", "dnpp", "kernel", "blend"],
        "options": {"blend": {"members": ["additive", "kernel"]}},
        "controls": [],
        "completed": ["mean_1d"],
    },
    "evaluation": {
        "folds_per_job": 1,
        "splits": {"profiles": {"folds": 2}, **NO_SPLITS},
        "density": {"percents": []},
    },
    "classification": {"completed": []},
    "enrichment": {"cell_groups": False},
}
RESULTS = "results/demo"
FOLDS = f"{RESULTS}/evaluation/large/profiles/mean_1d"
METRICS, RECORD = f"{RESULTS}/metrics.tsv", f"{RESULTS}/provenance.yaml"
UP_TO_DATE = "Nothing to be done"
# Lines of the library, and what they become; the numbers of mean_1d change their sign.
SIGN = ("completion/methods/mean_1d.py", "by_drug[drug])", "-by_drug[drug])")
LINE = "\n\nMETHOD = Method("
KERNEL = ("completion/methods/kernel.py", LINE, f"\n\nADDED = 1{LINE}")
MEAN = ("completion/methods/mean_1d.py", LINE, f"\n\nADDED = 1{LINE}")
FIGURE = ("evaluation/figures/overview.py", "\n\nFIGURE = ", "\n\nADDED = 1\nFIGURE = ")
WORDS = ("completion/methods/kernel.py", LINE, f"\n\n# A remark.{LINE}")


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    project = Project(tmp_path_factory.mktemp("finished"))
    make(project, "results")
    return project


@pytest.fixture
def planning(finished):
    """The finished run itself, for runs that have nothing to do and dry runs."""
    yield finished
    finished.restore()


@pytest.fixture
def project(finished, tmp_path):
    """The finished run, in a folder of its own."""
    return Project.copy(finished, tmp_path / "project")


def make(project, *targets, options=(), fails=False):
    given = ["--cores", "2", *project.configure(CONFIG), *options, "--", *targets]
    return project.run(*given, fails=fails)


def planned(project, target="results"):
    """Return rule, method and reason of each job that a dry run lists."""
    printed = make(project, target, options=["--dry-run"])
    found = []
    for block in re.split(r"^ *(?=(?:local)?rule \w+:)", printed, flags=re.MULTILINE)[1:]:
        rule = re.match(r"(?:local)?rule (\w+):", block)[1]
        method = re.search(r"wildcards: .*?method=(\w+)", block)
        reason = re.search(r"reason: (.*)", block)[1]
        found.append((rule, method and method[1], reason))
    return found


@pytest.mark.fault(
    "a line, or a remark, of kernel.py is changed after a finished run, as `git pull` does",
    "whatever runs the kernel, itself or in a blend, and what follows runs again, and the dry run "
    "lists it; nothing of other methods or of the data; after the remark there is nothing to do",
)
def test_a_changed_method_reruns_what_uses_it_and_nothing_else(planning):
    assert UP_TO_DATE in make(planning, "results")
    planning.change(*WORDS)
    with (planning.folder / "workflow/scripts/evaluation/predict_folds.py").open("a") as script:
        script.write("# A remark.\n")
    assert UP_TO_DATE in make(planning, "results")
    planning.restore()
    planning.change(*KERNEL)
    jobs = planned(planning)
    changed = {(rule, method) for rule, method, reason in jobs if "Params have changed" in reason}
    runs = {"predict_folds", "measure_subsets"}
    assert changed == {(rule, method) for rule in runs for method in ("kernel", "blend")}
    assert not {"mean_1d", "dnpp"} & {method for _, method, _ in jobs}
    rules = {rule for rule, *_ in jobs}
    assert {"score_method", "gather_metrics", "draw_overview", "record_run"} <= rules
    of_data = {"simulate_screen", "make_signatures", "build_tensor", "make_folds"}
    assert not rules & (of_data | {"draw_coverage", "draw_plate_quality", "draw_p_values"})


@pytest.mark.fault(
    "the module of one figure is changed after a finished run",
    "this figure is drawn again, and the run recorded; nothing else",
)
def test_a_changed_figure_is_drawn_again_alone(planning):
    planning.change(*FIGURE)
    rules = {rule for rule, *_ in planned(planning)}
    assert rules - {"results"} == {"draw_overview", "record_run", "tabulate_run"}


@pytest.mark.fault(
    "the sign of every prediction of a method is turned in the library after a finished run",
    "the same command predicts, scores and compares this method again; the scores are other ones",
)
def test_a_turned_sign_is_seen_in_the_scores(project):
    before = (project.folder / METRICS).read_bytes()
    project.change(*SIGN)
    printed = make(project, METRICS)
    done = re.findall(r"^ *(?:local)?rule (\w+):", printed, flags=re.MULTILINE)
    assert sorted(done) == ["gather_metrics", "predict_folds", "predict_folds", "score_method"]
    assert (project.folder / METRICS).read_bytes() != before


@pytest.mark.fault(
    "a fold is predicted anew by changed code, and the rest is kept by `--rerun-triggers mtime`",
    "the run is not recorded: the files of old code are named, and how they are made anew",
)
def test_a_mixture_of_old_and_new_code_is_refused(project):
    old = yaml.safe_load((project.folder / RECORD).read_text())["code"]["jobs"]
    wrote = {job["script"]: job["jobs"] for job in old if "mean_1d" in job["which"]}
    assert wrote["evaluation/predict_folds"] == 2
    project.change(*MEAN)
    for path in (f"{FOLDS}/predicted_1.h5", RECORD):
        (project.folder / path).unlink()
    by_time = ["--rerun-triggers", "mtime"]
    make(project, f"{FOLDS}/predicted_1.h5", options=by_time)
    printed = make(project, RECORD, options=by_time, fails=True)
    assert "Traceback" not in printed
    said = printed[printed.index("Error: ") :]
    assert "results of old and new code are mixed" in said
    assert f"{FOLDS}/predicted_0.h5" in said
    assert "predicted_1.h5" not in said
    assert "without --rerun-triggers" in said
    assert not (project.folder / RECORD).exists()
