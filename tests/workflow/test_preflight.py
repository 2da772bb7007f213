"""Before its first job a run looks at its data, and stops where it cannot reach its report."""

import pytest
from own_data import change_table, configuration, write_plates
from project import Project

from lacuna.io.gctx import Gctx

METHODS = {"completion": {"methods": ["mean_1d", "dnpp"], "completed": []}}


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    project = Project(tmp_path_factory.mktemp("project"))
    write_plates(project.folder / "data")
    return project


@pytest.mark.fault(
    "splits with more folds than the data allow, beside a file that is not there",
    "no job is started; both are told at once, last, with values that would work; no traceback",
)
def test_a_run_that_leads_nowhere_stops_before_its_first_job(project):
    splits = {"drugs": {"folds": 50}, "cells": {"folds": 7}}
    config = configuration("data", **METHODS, evaluation={"splits": splits})
    printed = project.run("--cores", "1", *project.configure(config), fails=True)
    assert "no job was started" in printed
    assert "drugs: {folds: 12}" in printed
    assert "cells: {folds: 2}" in printed
    assert "Traceback" not in printed and 'File "' not in printed
    assert printed.rstrip().endswith(
        "mine: 2 errors, 0 warnings: this run cannot reach its report."
    )
    assert "Finished job" not in printed
    made = [path for path in (project.folder / "results").rglob("*") if path.is_file()]
    assert [path.name for path in made] == ["preflight.json"]


def test_a_run_that_gets_there_prints_its_warnings_and_goes_on(project):
    change_table(project.folder / "data", "inst_info", pert_time="360")
    config = configuration("data", **METHODS)
    for file in ("wells.txt", "drugs.txt"):  # the second time from what was kept
        target = f"results/mine/acquire/mine/{file}"
        printed = project.run("--cores", "1", target, *project.configure(config))
        assert "WARNING  data/wells.txt, column pert_time: " in printed
        assert "mine: 0 errors, 1 warning" in printed
        assert (project.folder / target).is_file()


def test_one_cell_line_ends_with_signatures_and_the_quality_of_plates(tmp_path):
    project = Project(tmp_path)
    write_plates(project.folder / "one", cells=("A375",))
    alone = {"completion": {"methods": [], "completed": []}, "dataset": "one"}
    config = configuration("one", **alone)
    printed = project.run("--cores", "1", *project.configure(config))
    report, signatures = printed.rstrip().splitlines()[-2:]
    assert report == "Report, one file for a browser: results/one/report.html"
    assert signatures.endswith(": results/one/signatures/mine.gctx")
    results = project.folder / "results/one"
    made = ["report.html", "signatures/mine.gctx", "signatures/pages/plates.html"]
    for file in [*made, "report/figures/p_values.png", "signatures/figures/plate_quality.png"]:
        assert (results / file).is_file()
    with Gctx(results / "signatures/mine.gctx") as product:
        assert product.metadata("columns")["p_value"].between(0, 1).all()
    said = (results / "report/pages/experiments.html").read_text()
    assert "whole cell lines held out" in said and "a drug in two lines" in said
    assert not (results / "tensor").exists()
