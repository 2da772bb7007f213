"""Which run is asked, and what is said where there is none."""

import argparse
import os
from pathlib import Path

import pytest

from lacuna.errors import LacunaError
from lacuna.explore.opening import add_run_arguments, folder_of
from lacuna.explore.words import INDEX


@pytest.fixture
def results(tmp_path):
    return tmp_path / "results"


def made(results: Path, *runs: str, file: str = INDEX) -> None:
    for age, run in enumerate(runs):
        path = results / run / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
        os.utime(path, (1000 - age, 1000 - age))


def asked(results, *words, **files):
    parser = argparse.ArgumentParser()
    add_run_arguments(parser)
    return folder_of(parser.parse_args(["--results", str(results), *words]), **files)


def test_the_only_run_with_an_index_is_asked_without_a_word(results, capsys):
    made(results, "mine")
    (results / "other").mkdir()
    assert asked(results) == results / "mine"
    assert capsys.readouterr().err == ""


def test_of_several_the_newest_is_asked_and_that_is_said(results, capsys):
    made(results, "newest", "older")
    assert asked(results) == results / "newest"
    assert capsys.readouterr().err == (
        "Asking newest, the newest of 'newest', 'older'; another by --dataset.\n"
    )
    assert asked(results, "--dataset", "older") == results / "older"
    assert capsys.readouterr().err == ""


def test_other_files_make_a_run_that_can_be_asked(results):
    made(results, "mine", file="translation/signatures/a/gene_search.parquet")
    pattern = "translation/signatures/*/gene_search.parquet"
    assert asked(results, files=(INDEX, pattern)) == results / "mine"


@pytest.mark.parametrize(
    ("runs", "words", "said"),
    [
        (
            None,
            [],
            "{results}: no such folder. Expected the results of a run: go to the folder in which "
            "Snakemake ran, or say --results FOLDER.",
        ),
        (
            [],
            [],
            "{results}: no run that can be asked (there is none at all). Make it with the run's "
            "own configuration: snakemake --cores 2 results/DATASET/explore/index.h5 --configfile "
            "config/DATASET.yaml",
        ),
        (
            ["demo"],
            [],
            "{results}: no run that can be asked (there are 'demo'). Make it with the run's own "
            "configuration: snakemake --cores 2 results/demo/explore/index.h5 --configfile "
            "config/demo.yaml",
        ),
        (
            ["tahoe"],
            ["--dataset", "tahoe"],
            "{results}/tahoe/explore/index.h5: no such file, so this run cannot be asked yet. Make "
            "it with the run's own configuration: snakemake --cores 2 "
            "results/tahoe/explore/index.h5 --configfile config/tahoe.yaml",
        ),
        (
            ["tahoe"],
            ["--dataset", "taho"],
            "{results}: has no run 'taho' (did you mean 'tahoe'?); there are 'tahoe'.",
        ),
    ],
)
def test_a_run_that_cannot_be_asked_says_what_makes_it(results, runs, words, said):
    for run in runs or []:
        (results / run).mkdir(parents=True)
    if runs is not None:
        results.mkdir(exist_ok=True)
    with pytest.raises(LacunaError) as error:
        asked(results, *words)
    assert str(error.value) == said.format(results=results)


def test_a_finished_run_makes_its_index_with_the_configuration_it_keeps(results):
    (results / "mine").mkdir(parents=True)
    (results / "mine/config.yaml").touch()
    with pytest.raises(LacunaError) as error:
        asked(results, "--dataset", "mine")
    assert str(error.value).endswith(f"--configfile {results}/mine/config.yaml")
