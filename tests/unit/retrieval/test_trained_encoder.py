"""A D-MPNN that is trained with the alignment, from the configuration to the model that is used."""

from pathlib import Path

import numpy as np
import pytest
from retrieval_world import BLOCKS, ENCODERS, LINES, align_first, rank

from lacuna.io.tsv import read_table
from lacuna.retrieval.data import read_fold
from lacuna.retrieval.model import load_retriever
from lacuna.retrieval.model_jobs import assemble_retriever

pytest.importorskip("chemprop")
OPTIONS = {"dmpnn": {"hidden": 64, "depth": 2}}


@pytest.fixture(scope="module")
def trained(stage, tmp_path_factory):
    folder = tmp_path_factory.mktemp("trained")
    made = {name: str(folder / name) for name in ("model", "losses", "trials")}
    options = {"encoder": "dmpnn", "append": "descriptors", "epochs": 2, "batch": 64}
    options |= {"profile_layers": [8], "dimensions": 8}
    align_first(stage.cut, stage.encoded, made, options, name="graphs", of_encoders=OPTIONS)
    return made


def test_it_ranks_as_frozen_vectors_do(stage, trained, tmp_path):
    made = {name: str(tmp_path / name) for name in stage.ranked}
    changes = {"methods": ["correlation"], "alignments": ["graphs"], "options": OPTIONS}
    rank(stage.cut, stage.encoded, [trained["model"]], made, **changes)
    ranks = read_table(made["ranks"]).query("method == 'correlation'")
    assert set(ranks["molecule"]) == {"graphs"}
    assert ranks["rank"].between(1, ranks["library"]).all()


def test_the_model_encodes_new_structures_as_in_the_run(stage, trained, tmp_path):
    path = tmp_path / "model.h5"
    files = stage.cut | {"encoded": stage.encoded, "aligned": [trained["model"]]}
    assemble_retriever(
        files, str(path), encoders=ENCODERS, options=OPTIONS, lines=LINES, blocks=BLOCKS
    )
    model = load_retriever(path)
    assert model.source.trained and model.source.append == "descriptors"
    molecules = read_fold(stage.cut, 0, LINES, BLOCKS).sides["test"].molecules
    smiles = molecules["smiles"].tolist()
    together = model.embed_molecules(smiles)
    alone = np.concatenate([model.embed_molecules([text]) for text in smiles[:3]])
    np.testing.assert_allclose(together[:3], alone, atol=1e-4)
    assert np.std(together, axis=0).min() > 0  # no molecule stands for all
    assert Path(trained["losses"]).read_text().count("\n") == 3
