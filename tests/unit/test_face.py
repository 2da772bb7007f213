"""What `import lacuna` gives, and what it does not load."""

import ast
import importlib
import subprocess
import sys
from importlib.metadata import PackageNotFoundError
from pathlib import Path

import pytest

import lacuna
from lacuna.project import package

HEAVY = {"h5py", "matplotlib", "numpy", "pandas", "rdkit", "scipy", "snakemake", "torch"}
ROOT = Path(__file__).parents[2]


def loaded_by(code):
    """Return which of the heavy packages a fresh Python has loaded after some code."""
    code += "; import sys; print(*sys.modules)"
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return HEAVY & set(ended.stdout.split())


def test_the_face_is_light():
    assert loaded_by("import lacuna; dir(lacuna); lacuna.__version__") == set()
    assert loaded_by("from lacuna import LacunaError") == set()
    assert loaded_by("import lacuna.command") == set()
    loaded = loaded_by("from lacuna import CompletedTensor")
    assert {"h5py", "pandas"} <= loaded
    assert not {"torch", "rdkit", "snakemake", "matplotlib"} & loaded


def test_every_name_is_there():
    assert len(set(lacuna.__all__)) == len(lacuna.__all__) > 5
    for name in lacuna.__all__:
        assert getattr(lacuna, name).__class__ is not None
        assert name in dir(lacuna)
        assert name.startswith("__") or f"`{name}`" in lacuna.__doc__
    assert lacuna.CompletedTensor.open
    with pytest.raises(AttributeError, match="has no attribute 'CompletedTensors'"):
        lacuna.CompletedTensors  # noqa: B018


def test_type_checkers_see_the_same_names():
    tree = ast.parse(Path(lacuna.__file__).read_text())
    seen = {
        alias.asname: getattr(importlib.import_module(node.module), alias.name)
        for branch in tree.body
        if isinstance(branch, ast.If)
        for node in branch.body
        for alias in node.names
    }
    assert seen == {name: getattr(lacuna, name) for name in lacuna.__all__}
    assert (Path(lacuna.__file__).parent / "py.typed").is_file()


def test_a_work_tree_that_was_never_installed_knows_its_version(monkeypatch):
    def nowhere(_):
        raise PackageNotFoundError

    monkeypatch.setattr(package, "version", nowhere)
    monkeypatch.setattr(package, "requires", nowhere)
    assert package.find_version() == lacuna.__version__
    assert any(line.startswith("h5py") for line in package.find_dependencies())
    monkeypatch.setattr(package, "PYPROJECT", ROOT / "nothing.toml")
    assert package.find_version() == "unknown"
    assert package.find_dependencies() == []
