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
    pins = [Requirement(line) for line in lines if not line.startswith("#")]
    return {canonicalize_name(pin.name): str(pin.specifier).removeprefix("==") for pin in pins}


def test_pins_lie_within_the_ranges(project, pins):
    extras = project["optional-dependencies"].values()
    for line in [*project["dependencies"], *chain.from_iterable(extras)]:
        requirement = Requirement(line)
        assert Version(pins[canonicalize_name(requirement.name)]) in requirement.specifier, line


# They are what jobs run in: whatever submits them is outside, and its extra belongs in none.
@pytest.mark.parametrize("which", ["lacuna", "translation", "retrieval", "single_cell"])
def test_the_conda_environments_are_in_step(project, pins, which):
    environment = yaml.safe_load((ROOT / f"envs/{which}.yaml").read_text())
    of_stage = project["optional-dependencies"].get(which.replace("_", "-"), [])
    lines = [*project["dependencies"], *of_stage]
    names = [canonicalize_name(Requirement(line).name) for line in lines]
    *conda, last = environment["dependencies"]
    assert set(last["pip"]) == {f"{name}=={pins[name]}" for name in names if name in NOT_IN_CONDA}
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
        named = {file for files in tables for key, file in files.items() if key != "pert_types"}
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
