"""A small simulated world that goes through the stage once, for all tests that look at it."""

from pathlib import Path
from types import SimpleNamespace

import pytest
from retrieval_world import CUT, align_first, cut, rank, screen_of

from lacuna.io.tsv import read_table
from lacuna.retrieval.encode_jobs import encode_molecules
from lacuna.simulation.write_retrieval import write_retrieval_world


@pytest.fixture(scope="session")
def world(tmp_path_factory):
    """Files of a simulated screen of 80 drugs in three lines."""
    folder = tmp_path_factory.mktemp("world")
    write_retrieval_world(folder, seed=3, drugs=80, cells=3, mechanisms=4)
    return folder


@pytest.fixture(scope="session")
def stage(world, tmp_path_factory):
    """What the jobs of the stage make of it."""
    folder = tmp_path_factory.mktemp("stage")
    files = cut(folder, [screen_of(world)])
    cut_files = {name: files[name] for name in (*CUT, "molecules", "roles")}
    encoded = [str(folder / f"{name}.h5") for name in ("morgan", "descriptors")]
    for path in encoded:
        encode_molecules(files["molecules"], path, Path(path).stem, {}, None)
    outputs = {name: str(folder / f"aligned.{name}") for name in ("model", "losses", "trials")}
    small = {"epochs": 3, "batch": 32, "profile_layers": [32], "dimensions": 16}
    align_first(cut_files, encoded, outputs, small)
    made = {
        name: str(folder / f"ranked_{name}")
        for name in ("ranks", "neighbours", "examples", "fingerprints")
    }
    rank(cut_files, encoded, [outputs["model"]], made)
    return SimpleNamespace(
        folder=folder,
        world=world,
        files=files,
        cut=cut_files,
        encoded=encoded,
        aligned=outputs,
        ranked=made,
        ranks=read_table(made["ranks"]),
    )
