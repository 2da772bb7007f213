"""A look before a run: what it says of a data set, all at once, and of what it stops a run.

Mistakes that strangers made stand in `test_mistakes.py`, row by row.
"""

import shutil

import numpy as np
import pandas as pd
import pytest
from own_data import (
    FILES,
    change_matrix,
    change_table,
    configuration,
    expression,
    gene_info,
    prepared,
    read,
    write_matrix,
    write_plates,
)
from own_mistakes import (
    default_splits,
    linear,
    log_doses,
    minutes_called_hours,
    missing_file,
    one_cell,
    plates_named_rep,
)
from wells import write_text

from lacuna import command
from lacuna.project.check import check
from lacuna.project.check_files import Found, find_in_files
from lacuna.project.check_values import find_in_expression, find_in_signatures
from lacuna.project.config import prepare

NOWHERE = "nowhere.tsv"  # nothing can be downloaded


@pytest.fixture
def data(tmp_path):
    return write_plates(tmp_path / "data")


def checked(folder, files=FILES, **changes):
    return check(prepared(folder, files, **changes), NOWHERE)


def texts(report):
    return "\n".join(report.lines())


def test_a_mirror_that_lacks_is_told_unless_nothing_is_missed_from_small_data(tmp_path, data):
    there = Found("mine", "level3", "a.gctx", next(data.iterdir()), "1 byte", None, "")
    missed = there._replace(path=None)

    def told(files, mirror):
        return [
            (f.what, f.stops) for f in find_in_files(files, [str(data), str(tmp_path / mirror)])
        ]

    assert told([there], "small-data") == []
    ((text, stops),) = told([there, missed], "small-data")
    assert "`make small-data` fills it" in text and stops
    ((text, stops),) = told([there], "misspelt")
    assert "misspelt does not exist. Correct it" in text and not stops


def test_a_series_without_a_mistake_has_no_finding(data):
    report = checked(data)
    assert report.findings == []
    said = texts(report)
    for words in (
        "62 wells on 4 plates: trt_cp (46), ctl_vehicle (16)",
        "vehicle wells per plate: 4",
        "plates that replicate each other: 2 batches of 2 plates",
        "replicate wells per experiment: 2 (23)",
        "doses: 10 uM (46)",
        "times: 24 h (46)",
        "12 drugs x 2 cells, 23 pairs of them: A375 (24), PC3 (22)",
        f"{data / FILES['level3']}: 62 columns x 30 rows",
        "23 experiments, each with a p-value",
        "profiles (single profiles), large: 10 folds, possible 22",
        "cells (whole cells), large: 2 folds, possible 2",
    ):
        assert words in said, words
    assert said.splitlines()[-1] == (
        "mine: 0 errors, 0 warnings: nothing seen here keeps this run from its report."
    )


def test_all_is_said_at_once(data):
    linear(data)
    minutes_called_hours(data)
    report = checked(data, **default_splits(data))
    keys = [finding.where for finding in report.findings]
    assert [str(data / "wells.txt") in keys[0], str(data / "plates.gctx") in keys[1]] == [True] * 2
    assert [finding.where for finding in report.errors] == [
        str(data / "plates.gctx"),
        "evaluation: splits: drugs",
        "evaluation: splits: cells",
    ]


def test_signatures_of_one_cell_are_a_run_of_their_own(data):
    one_cell(data)
    alone = {"completion": {"methods": [], "completed": []}}
    assert checked(data, **alone).errors == []


def test_what_can_be_downloaded_is_no_error(data, tmp_path):
    missing_file(data)
    table = tmp_path / "sources.tsv"
    row = ["genes.txt", "https://example.org/genes.txt", "2048", "", "", "somewhere"]
    columns = ["file", "url", "bytes", "sha256", "licence", "origin"]
    write_text(pd.DataFrame([row], columns=columns), table)
    report = check(prepared(data), table)
    assert report.errors == []
    assert "gene_info: genes.txt: will be downloaded, 2.05 kB, from https" in texts(report)


def two_series(data, drop):
    """A second series beside the first, without landmark genes of these rows of gene_info."""
    other = write_plates(data.parent / "other", cells=("VCAP", "MCF7"))
    files = {kind: f"b_{name}" for kind, name in FILES.items()}
    for kind, name in FILES.items():
        shutil.copy(other / name, data / files[kind])
    genes = read(data / files["gene_info"])
    genes.loc[genes.index[drop], "pr_is_lm"] = "0"
    write_text(genes, data / files["gene_info"])
    return {"acquire": {"series": {"mine": FILES, "b": files}}}


def test_genes_that_not_all_series_have_are_told(data):
    assert checked(data, **two_series(data, [])).findings == []
    report = checked(data, **two_series(data, [0, 1]))
    [warning] = report.findings
    assert not warning.stops
    assert warning.where == "acquire: series"
    assert warning.what.startswith("2 genes are left out of all series, '100', '101': b lacks them")


def test_series_of_other_genes_are_told(data):
    both = two_series(data, [])
    genes = read(data / "b_genes.txt")
    write_text(genes.assign(pr_gene_id="9" + genes["pr_gene_id"]), data / "b_genes.txt")
    change_matrix(data, rows=lambda gene: f"9{gene}", path="b_plates.gctx")
    [error] = checked(data, **both).errors
    assert (error.where, error.what[:28]) == ("acquire: series", "mine: 0 of its 30 genes are ")


def test_what_is_left_out_of_a_run_is_left_out_here(data):
    """Vehicle wells without a column are none: their plate makes no signature."""
    wells = read(data / FILES["inst_info"])
    gone = wells["inst_id"].isin([f"MINE_A375_24H_X1:A{n:02d}" for n in range(1, 6)])
    columns = list(wells["inst_id"][~gone])
    write_matrix(data / "plates.gctx", expression(len(columns)), gene_info()["pr_gene_id"], columns)
    report = checked(data)
    assert report.errors == []
    assert any("5 of 62 rows of inst_info" in finding.what for finding in report.findings)
    said = texts(report)
    assert "57 wells on 4 plates: trt_cp (45), ctl_vehicle (12)" in said
    assert "23 experiments, without a p-value: 12 no replicates" in said


def test_plates_of_one_batch_replicate_each_other_whatever_they_are_called(data):
    plates_named_rep(data)
    wells = read(data / FILES["inst_info"])
    write_text(wells.assign(batch=wells["cell_id"]), data / FILES["inst_info"])
    report = checked(data)
    assert report.findings == []
    assert "plates that replicate each other: 2 batches of 2 plates" in texts(report)
    assert "23 experiments, each with a p-value" in texts(report)


def test_the_command_prints_all_and_its_status_says_whether_a_run_gets_there(
    data, tmp_path, monkeypatch, capsys
):
    import yaml

    monkeypatch.chdir(tmp_path)
    for change, status, last in [({}, 0, "0 errors"), (default_splits(data), 1, "2 errors")]:
        (tmp_path / "my.yaml").write_text(yaml.safe_dump(configuration(data, **change)))
        assert command.main(["check", "--configfile", "my.yaml"]) == status
        printed = capsys.readouterr().out.splitlines()
        assert printed[0] == "Files"
        assert printed[-1].startswith(f"mine: {last}")


def test_real_plates_and_their_configuration(shared_data, monkeypatch, request):
    import yaml

    monkeypatch.chdir(request.config.rootpath)
    config = yaml.safe_load((request.config.rootpath / "config/lincs-mini.yaml").read_text())
    folders = ("lincs-mini", "mirror", "gene-sets")
    config["acquire"]["mirror"] = [str(shared_data / folder) for folder in folders]
    report = check(prepare(config))
    assert report.errors == [], texts(report)
    said = texts(report)
    assert "1,429 wells on 4 plates" in said
    assert "cells (whole cells), large: 2 folds, possible 2" in said


def test_one_cause_is_told_once(data):
    log_doses(data)
    assert [finding.where.split(", ")[1] for finding in checked(data).findings] == [
        "column pert_dose"
    ]


def test_values_of_few_wells_are_enough_to_be_told():
    values = expression(40)
    assert list(find_in_expression(values, "m")) == []
    values[3] = 2 ** values[3]
    [finding] = find_in_expression(values, "m")
    assert "in 1 well of 40 looked at are beyond 20" in finding.what
    assert not finding.stops
    [finding] = find_in_expression(2**values, "m")
    assert "Take log2" in finding.what
    assert finding.stops


def test_expression_with_holes_is_no_signature():
    values = expression(40)
    values[:, 0] = 0
    holes, finding = find_in_signatures(values, range(40), "m")
    assert "3.3% of the values are exactly 0, and 1 gene in every signature" in holes.what
    assert "no value is negative" in finding.what
    [holes] = find_in_signatures(values - values.mean(axis=0), range(40), "m")
    assert not holes.stops
    assert list(find_in_signatures(values[:, 1:] - values[:, 1:].mean(axis=0), [], "m")) == []


@pytest.mark.fault(
    "ready-made signatures with -666 or 1e30",
    "told before the run, and refused by it, with the signatures by name",
)
@pytest.mark.parametrize(("value", "said"), [(-666, "are -666"), (1e30, "are beyond 100,000")])
def test_signatures_with_values_that_none_has_stop_the_run(value, said):
    values = np.random.default_rng(0).normal(size=(40, 30))
    values[3, 2] = value
    [finding] = find_in_signatures(values, range(40), "m")
    assert said in finding.what
    assert finding.stops


@pytest.mark.fault(
    "`lacuna check` of a table with one cell line in four spellings, in one series or in two",
    "it says which, and counts one cell line",
)
def test_one_cell_line_in_several_spellings_is_told_and_counts_once(data):
    def misspelt(old):
        return old.mask(old.index % 5 == 0, old + " ").mask(old.index % 5 == 1, old.str.lower())

    whole = texts(checked(data))
    change_table(data, "inst_info", cell_id=misspelt)
    report = checked(data)
    assert report.errors == []
    told = [finding.what for finding in report.findings]
    assert [what.split(": ")[0] for what in told] == [
        "blanks or invisible signs in cell_id",
        "cell_id that differ only in case",
    ]
    assert "'a375 is A375'" in told[1]
    line = next(line for line in whole.splitlines() if " drugs x " in line)
    assert line in texts(report)


def test_a_cell_line_that_two_series_spell_differently_is_told(data):
    both = two_series(data, [])
    wells = read(data / "b_wells.txt")
    write_text(wells.replace({"cell_id": {"VCAP": "a375"}}), data / "b_wells.txt")
    [warning] = checked(data, **both).findings
    assert warning.where == "acquire: series"
    assert "cells of series that differ only in case" in warning.what
    assert "'a375 is A375'" in warning.what


@pytest.mark.parametrize(
    ("change", "said"),
    [({"pert_time": "-6"}, "times are negative ('-6')"), ({"pert_time_unit": "x"}, "'x' (")],
)
def test_times_that_leave_wells_out_are_told(data, change, said):
    [(column, text)] = change.items()
    change_table(data, "inst_info", **{column: lambda old: old.mask(old.index % 4 == 3, text)})
    found = [str(finding) for finding in checked(data).findings]
    assert any(said in finding and "left out" in finding for finding in found), found
