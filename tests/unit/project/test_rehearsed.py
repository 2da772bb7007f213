"""What is foretold of the whole from rehearsals of a part, and what runs say of themselves."""

import numpy as np
import pandas as pd
import pytest
import rehearse
import rehearsed

from lacuna.io.sources import read_sources


def runs(scales, noise=0.0, seed=0):
    """Rehearsals of which each part takes 2 + 300 x what its law says, in all measures."""
    rng = np.random.default_rng(seed)
    rows = []
    for scale in scales:
        facts = {name: value * scale for name, value in rehearsed.PAPER.items()}
        facts |= {"scale": scale, "trees": 10, "cells": 71, "cores": 2}
        facts |= {"small_drugs": 300, "small_cells": 15}
        for part in ("make_signatures", "predict_folds large falrtc", "tabulate_run"):
            factor = np.exp(rng.normal(0, noise))
            laws = {measure: rehearsed.law_of(part, measure) for measure in rehearsed.MEASURES}
            took = {m: factor * (2 + 300 * rehearsed.size_of(laws[m], facts)) for m in laws}
            rows.append(facts | {"stage": "s", "part": part} | took)
        whole = {"stage": "whole run", "part": "whole run", "packed_mb": 50_000 * scale}
        whole |= {"wall_s": 60, "disk_mb": 1024}
        rows.append(facts | whole)
    return pd.DataFrame(rows)


def test_a_planted_law_is_found():
    told = rehearsed.foretell(runs([0.005, 0.01, 0.02])).set_index("part")
    assert (told[rehearsed.MEASURES] - 302).abs().max(axis=None) < 1e-6
    assert told.loc["predict_folds large falrtc", "law"] == "drugs^2 cells"


@pytest.mark.parametrize(
    ("part", "size"),
    [
        ("make_signatures", 0.1),  # wells
        ("predict_folds large falrtc", 0.5**2 * 2),  # drugs squared, cells
        ("predict_folds large mean_1d", 0.5 * 2),
        ("classify_drugs random_forest", 0.5 * 0.7 * 0.02),  # drugs, tasks, trees
        ("predict_folds small dnpp", 1 / 3),
        ("acquire_file table", 1),
    ],
)
def test_each_part_grows_with_what_its_law_says(part, size):
    times = {"wells": 0.1, "drugs": 0.5, "cells": 2, "trees": 0.02, "small_profiles": 1 / 3}
    times["tasks"] = 0.7
    facts = {name: rehearsed.PAPER[name] * factor for name, factor in times.items()}
    assert rehearsed.size_of(rehearsed.law_of(part), facts) == pytest.approx(size)


def test_memory_grows_with_the_grids_that_are_held():
    assert rehearsed.law_of("predict_folds large falrtc") == "drugs^2 cells"
    assert rehearsed.law_of("predict_folds large falrtc", "peak_mb") == "drugs cells"
    assert rehearsed.law_of("classify_drugs random_forest", "peak_mb") == "drugs cells"
    assert rehearsed.law_of("make_signatures", "peak_mb") == "wells"


def test_tasks_are_told_side_by_side_in_the_one_job_that_a_classifier_is():
    table = runs([0.005, 0.01, 0.02])
    table["part"] = table["part"].replace("tabulate_run", "classify_drugs random_forest")
    told = rehearsed.foretell(table).set_index("part").loc["classify_drugs random_forest"]
    assert told["longest_s"] == pytest.approx(told["wall_s"] / 5)  # 500 trees, 100 a process


def test_each_scale_is_foretold_from_the_smaller_ones():
    table = runs([0.005, 0.01, 0.02, 0.05])
    table.loc[table["scale"] == 0.05, rehearsed.MEASURES] *= 2
    judged = rehearsed.judge(table).set_index("scale")
    assert judged.index.tolist() == [0.02, 0.05]
    assert judged["ratio"].tolist() == pytest.approx([1, 0.5])


def test_the_largest_rehearsal_counts_most():
    sizes, took = np.array([1.0, 2, 4]), np.array([10.0, 30, 100])  # steeper than any line from 0
    start, slope = rehearsed.fit(sizes, took)
    assert start == 0
    assert slope * 4 == pytest.approx(100)
    start, slope = rehearsed.fit(sizes, 7 + 3 * sizes)
    assert (start, slope) == pytest.approx((7, 3))
    assert rehearsed.fit(np.ones(2), np.array([1.0, 3])) == (2, 0)


def test_one_scale_foretells_nothing(capsys):
    table = runs([0.01])
    assert rehearsed.foretell(table).empty
    rehearsed.print_needs(table, rehearsed.foretell(table))
    assert "Rehearse a second scale" in capsys.readouterr().out


def test_times_never_shrink_with_the_size():
    table = runs([0.005, 0.01, 0.02])
    table["wall_s"] = 1 / table["scale"]
    told = rehearsed.foretell(table)
    assert (told["wall_s"] >= 0).all()


def test_hours_count_jobs_side_by_side_as_far_as_memory_goes():
    told = pd.DataFrame(
        {
            "stage": ["first", "second", "second"],
            "wall_s": [7200.0, 3600, 1800],
            "longest_s": [60.0, 3600, 60],
            "peak_mb": [4000, 1, 1],
        }
    )
    assert rehearsed.hours_on(told, 4, 1000) == pytest.approx(0.5 + 1)  # the longest job rules
    assert rehearsed.hours_on(told, 4, 8) == pytest.approx(1 + 1)  # two jobs fit, not four
    assert rehearsed.hours_on(told, 4, 2) == pytest.approx(2 + 1)
    assert rehearsed.hours_on(told, 1, 1000) == pytest.approx(2 + 1.5)


def test_all_that_is_needed_is_printed(capsys):
    table = runs([0.005, 0.01, 0.02, 0.05])
    rehearsed.print_needs(table, rehearsed.foretell(table))
    said = capsys.readouterr().out
    for words in (
        "Download of 50 GB",
        "laptop (8 cores, 16 GB",
        "Each scale as",
        "make_signatures",
    ):
        assert words in said


def test_the_table_of_sources_points_to_this_machine(tmp_path):
    files = tmp_path / "files"
    files.mkdir()
    names = ("GSE92742_Broad_LINCS_inst_info.txt.gz", "GSE92742_SHA512SUMS.txt.gz", "drugbank.tsv")
    for name in names:
        (files / name).write_text("made up")
    rehearse.write_sources(tmp_path / "sources.tsv", files, "http://127.0.0.1:8000")
    sources = read_sources(tmp_path / "sources.tsv")
    assert set(sources) == set(names)
    for name, source in sources.items():
        assert source.url == f"http://127.0.0.1:8000/{name}"
        assert source.bytes is None and source.sha256 is None  # this drugbank.tsv is made up, too


def test_files_are_served_as_they_are(tmp_path):
    import requests

    (tmp_path / "a.txt.gz").write_bytes(b"\x1f\x8bpacked")
    with rehearse.served(tmp_path) as address:
        answer = requests.get(f"{address}/a.txt.gz", timeout=5)
    assert answer.content == b"\x1f\x8bpacked" and answer.headers["Content-Length"] == "8"


def test_parts_are_read_from_benchmarks(tmp_path):
    header = "s\th:m:s\tmax_rss\tmax_vms\tmax_uss\tmax_pss\tio_in\tio_out\tmean_load\tcpu_time\n"
    took = {
        "make_signatures/GSE92742.tsv": (10, 100),
        "predict_folds/large_profiles_falrtc_0.tsv": (3, 400),
        "predict_folds/large_profiles_falrtc_1.tsv": (4, 300),
        "predict_folds/small_profiles_mean_1d_1.tsv": (1, 50),
        "classify_drugs/dnpp_random_forest.tsv": (20, 70),
        "acquire_file/GSE92742/GSE92742_Broad_LINCS_Level3_x.gctx.gz.tsv": (5, 60),
        "draw_overview.tsv": (1, "-"),
    }
    for name, (seconds, memory) in took.items():
        path = tmp_path / "benchmarks" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{header}{seconds}\t0\t{memory}\t0\t0\t0\t1\t2\t50\t{seconds / 2}\n")
    parts = rehearse.measured(tmp_path).set_index("part")
    falrtc = parts.loc["predict_folds large falrtc"]
    expected = {"stage": "evaluation", "jobs": 2, "wall_s": 7, "cpu_s": 3.5, "longest_s": 4}
    expected |= {"peak_mb": 400, "read_mb": 2, "written_mb": 4}
    assert falrtc.to_dict() == expected
    assert parts["stage"].to_dict() == {
        "make_signatures": "signatures",
        "predict_folds large falrtc": "evaluation",
        "predict_folds small mean_1d": "evaluation",
        "classify_drugs random_forest": "classification",
        "acquire_file matrix": "acquire",
        "draw_overview": "figures",
    }


def test_the_page_has_what_was_measured_and_its_marks_stay(request):
    table = runs([0.005, 0.01, 0.02, 0.05])
    shown = rehearsed.table_for_docs(table, rehearsed.foretell(table))
    assert "1.0 minutes from download to report, 1.0 GiB on disk at most" in shown
    of_parts = table[(table["scale"] == 0.01) & (table["part"] != "whole run")]
    measured = of_parts["wall_s"].sum()
    (row,) = (line for line in shown.splitlines() if line.startswith("| `s` |"))
    assert row.split(" | ")[2] == f"{measured:,.0f}"
    assert "From the smaller scales 0.05 is foretold at 1.00 of what it took" in shown
    page = (request.config.rootpath / "docs/cluster.md").read_text()
    assert len(rehearse.MARKS.findall(page)) == 1
