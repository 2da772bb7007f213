"""What an older configuration left among the results is found, and nothing else is."""

import os
from collections import defaultdict
from unittest.mock import Mock

import pytest

from lacuna.project.leftovers import (
    describe_leftovers,
    find_leftovers,
    made_for_page,
    tabulate_leftovers,
)

MADE = ["completed/dnpp.gctx", "metrics.tsv", "explore/data", "report/pages/run.html"]
OLD = [
    "completed/kernel.gctx",
    "completed/kernel.model.h5",
    "density.tsv",
    "evaluation/figures/density.svg",
    "evaluation/large/drugs/kernel/predicted_0.h5",
    "evaluation/large/drugs/kernel/predicted_1.h5",
]
OTHERS = [
    "config.yaml",
    "report.html",
    "report/snakemake.html",
    "acquire/preflight.json",
    "acquire/mine/matrix.gctx.part",
    "acquire/mine/matrix.gctx.part.json",
    "explore/data/1/shard.bin",
    "logs/complete_tensor/kernel.log",
    "benchmarks/complete_tensor/kernel.tsv",
    "sums/complete_tensor/kernel.tsv",
    "tensor/large.h5.damaged",
    "tensor/.unfinished-1-large.h5",
    "evaluation/large/profiles/ntk/predicted_0.h5.work/checkpoint.pt",
]


@pytest.fixture
def folder(tmp_path):
    for name in [*MADE, *OLD, *OTHERS]:
        if name != "explore/data":
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_text("x" * 2**10)
    (tmp_path / "acquire/mine/link.gctx").symlink_to("/where/it/was")
    return tmp_path


def test_what_a_run_does_not_make_is_left_over(folder):
    assert find_leftovers(folder, MADE) == ["acquire/mine/link.gctx", *OLD]
    assert find_leftovers(folder, []) == []  # nobody knows what it makes
    assert find_leftovers(folder / "none", MADE) == []


def test_what_lies_deep_is_named_by_its_folder(folder):
    os.utime(folder / OLD[0], (0, 86400 * 366))
    names = find_leftovers(folder, MADE)
    (folder / OLD[1]).unlink()
    table = tabulate_leftovers(folder, names).set_index("file or folder")
    deep = "evaluation/large/drugs/kernel/"
    assert list(table.index) == ["acquire/mine/link.gctx", OLD[0], *OLD[2:4], deep]
    assert table.loc[deep, ["files", "MiB"]].tolist() == [2, 2 / 2**10]
    assert table.loc[OLD[0], "last written"] == "1971-01-02"


def test_it_is_said_in_one_line():
    assert describe_leftovers("results/mine", []) == ""
    assert describe_leftovers("results/mine", OLD[:1]) == (
        "A file in results/mine is none of this run's, as of an older configuration: "
        "completed/kernel.gctx"
    )
    assert describe_leftovers("results/mine", OLD).endswith("density.tsv and 3 more")
    assert describe_leftovers("results/mine", OLD).startswith("6 files in results/mine are none")


def test_a_run_makes_what_comes_before_its_page():
    """And not what is asked for besides it."""

    def job(*outputs):
        return Mock(output=[f"results/mine/{file}" for file in outputs])

    tensor, product, page = job("tensor/large.h5"), job(*MADE[:2]), job(MADE[-1])
    report, besides, library = job("report.html"), job(OLD[0]), Mock(output=["cache/smiles.h5"])
    dependencies = defaultdict(dict) | {
        tensor: {library: set()},
        product: {tensor: set()},
        page: {product: set(), tensor: set()},
        report: {page: set()},
        besides: {tensor: set()},
        library: {},
    }
    dag = Mock(jobs=dependencies.keys(), dependencies=dependencies)
    found = made_for_page(dag, "results/mine")
    assert sorted(found) == sorted(["tensor/large.h5", *MADE[:2], MADE[-1]])
    assert made_for_page(dag, "results/other") == []
