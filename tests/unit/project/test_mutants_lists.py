"""The lists of `make mutants`: what they name is there."""

import importlib.util
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="module")
def mutants():
    spec = importlib.util.spec_from_file_location("mutants", ROOT / "tests/mutants.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_listed_module_has_tests(mutants):
    modules = mutants.listed_modules()
    assert {"completion/methods/dnpp", "evaluation/deg"} <= set(modules)
    for module in modules:
        assert mutants.tests_of(module), module


def test_every_pattern_and_every_key_names_a_module(mutants):
    for stage, listed in mutants.stages().items():
        for pattern in [*listed["modules"], *listed.get("tests", {})]:
            assert list((mutants.LIBRARY / stage).glob(f"{pattern}.py")), f"{stage}: {pattern}"


def test_a_module_without_tests_is_refused_by_name(mutants):
    with pytest.raises(SystemExit, match=r"evaluation/nothing: no tests.*evaluation/mutants\.toml"):
        mutants.tests_of("evaluation/nothing")
