"""A small simulated world that goes through the stage once, for all tests that look at it."""

from pathlib import Path
from types import SimpleNamespace

import pytest
from retrieval_world import BLOCKS, CUT, LINES, METHODS, cut, screen_of

from lacuna.io.tsv import read_table
from lacuna.retrieval.align_jobs import align
from lacuna.retrieval.encode_jobs import encode_molecules
from lacuna.retrieval.rank_jobs import rank_molecules
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
    align(
        cut_files | {"encoded": encoded},
        outputs,
        name="aligned",
        fold=0,
        options={"epochs": 3, "batch": 32, "profile_layers": [32], "dimensions": 16},
        trials=0,
        lines=LINES,
        blocks=BLOCKS,
        encoders=["morgan", "descriptors"],
        of_encoders={},
        seed=1,
    )
    made = {
        name: str(folder / f"ranked_{name}")
        for name in ("ranks", "neighbours", "examples", "fingerprints")
    }
    rank_molecules(
        cut_files | {"encoded": encoded, "aligned": [outputs["model"]]},
        made,
        fold=0,
        methods=METHODS,
        encoders=["morgan", "descriptors"],
        alignments=["aligned"],
        options={},
        lines=LINES,
        blocks=BLOCKS,
        shown=4,
        seed=1,
    )
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
