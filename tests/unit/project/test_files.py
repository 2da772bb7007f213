"""Facts that stand in more than one file are in step."""

import subprocess
import tomllib
from itertools import chain
from pathlib import Path

import pandas as pd
import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from lacuna.completion.registry import available
from lacuna.evaluation.metrics import METRICS
from lacuna.io.sources import read_sources

ROOT = Path(__file__).parents[3]
# Tables that a configuration names, and that its comments say how to make.
# What users bring: made by themselves, or published where no address can be relied on.
FROM_USERS = {"pairs.tsv", "gtex_samples.tsv", "large.mat"}
NOT_IN_CONDA = {"admet-ai", "chemprop", "gseapy"}
CONDA_NAMES = {"matplotlib": "matplotlib-base", "torch": "pytorch"}


@pytest.fixture(scope="module")
def project():
    return tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


@pytest.fixture(scope="module")
def pins():
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    pairs = [line.split("==") for line in lines if not line.startswith("#")]
    return {canonicalize_name(name): version for name, version in pairs}


def test_pins_lie_within_the_ranges(project, pins):
    extras = project["optional-dependencies"].values()
    for line in [*project["dependencies"], *chain.from_iterable(extras)]:
        requirement = Requirement(line)
        assert Version(pins[canonicalize_name(requirement.name)]) in requirement.specifier, line


def test_the_conda_environment_is_in_step(project, pins):
    # It is what jobs run in: whatever submits them is outside, so no extra belongs there.
    environment = yaml.safe_load((ROOT / "envs/lacuna.yaml").read_text())
    names = [canonicalize_name(Requirement(line).name) for line in project["dependencies"]]
    expected = {f"{CONDA_NAMES.get(name, name)}={pins[name]}" for name in names}
    assert set(environment["dependencies"]) - {"python=3.11"} == expected


@pytest.mark.parametrize("stage", ["enrichment", "translation", "retrieval", "single_cell"])
def test_the_environment_of_a_stage_with_packages_of_its_own_is_in_step(project, pins, stage):
    environment = yaml.safe_load((ROOT / f"envs/{stage}.yaml").read_text())
    lines = [*project["dependencies"], *project["optional-dependencies"][stage.replace("_", "-")]]
    names = [canonicalize_name(Requirement(line).name) for line in lines]
    *conda, last = environment["dependencies"]
    from_pip = set(last["pip"]) if isinstance(last, dict) else set()
    conda += [] if isinstance(last, dict) else [last]
    assert from_pip == {f"{name}=={pins[name]}" for name in names if name in NOT_IN_CONDA}
    expected = {
        f"{CONDA_NAMES.get(name, name)}={pins[name]}" for name in names if name not in NOT_IN_CONDA
    }
    assert set(conda) - {"python=3.11", "pip"} == expected


def test_every_configured_file_has_a_source():
    sources = read_sources(ROOT / "resources/sources.tsv")
    for path in (ROOT / "config").glob("*.yaml"):
        block = yaml.safe_load(path.read_text()).get("acquire", {})
        kinds = [block.get(kind, {}) for kind in ("annotations", "external", "pairs")]
        kinds += [
            {kind: file for kind, file in files.items() if kind != "unit"}
            for files in block.get("rnaseq", {}).values()
        ]
        kinds.append({"genes": block["genes"]} if block.get("genes") else {})
        tables = [*block.get("series", {}).values(), *kinds]
        named = {file for files in tables for file in files.values()}
        assert {*named, *block.get("gene_sets", [])} - FROM_USERS <= set(sources), path
        assert named or block.get("source") != "files", path


def test_published_numbers_name_methods_and_metrics_that_exist():
    published = pd.read_csv(ROOT / "resources/published.tsv", sep="\t")
    scores = published.query("table == 'metrics'")["key"].str.split("/", expand=True)
    assert set(scores[2]) <= set(available())
    assert set(scores[3]) <= set(METRICS)
    assert not published.dropna(subset="key").duplicated(["paper", "table", "key"]).any()


def test_the_citation_file_names_the_papers_and_the_version(project):
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    assert len(citation["references"]) == 5
    assert citation["version"] == project["version"]


def test_a_missing_python_is_said_clearly(tmp_path):
    found = subprocess.run(
        ["sh", ROOT / "workflow/find_python.sh"],
        env={"PATH": "/usr/bin:/bin", "PYTHON": str(tmp_path / "python9")},
        capture_output=True,
        text=True,
    )
    assert found.returncode == 1
    assert "needs Python 3.11" in found.stderr
    assert "make PYTHON=" in found.stderr


def test_a_python_without_venv_is_said_clearly(tmp_path):
    fake = tmp_path / "python3"
    fake.write_text('#!/bin/sh\ncase "$2" in *ensurepip*) exit 1;; *) exit 0;; esac\n')
    fake.chmod(0o755)
    found = subprocess.run(
        ["sh", ROOT / "workflow/find_python.sh"],
        env={"PATH": "/usr/bin:/bin", "PYTHON": str(fake)},
        capture_output=True,
        text=True,
    )
    assert found.returncode == 1
    assert "no venv module" in found.stderr
