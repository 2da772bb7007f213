"""Genes that only translated profiles have."""

import numpy as np
import pandas as pd
import pytest

from lacuna.errors import DamagedFile, LacunaError
from lacuna.explore.answers_translated import has_search, translated_answer
from lacuna.translation.gene_search import SignatureBlock, search_genes

pytest.importorskip("pyarrow")

GENES = ("Alpha", "BETA", "GAMMA")


@pytest.fixture
def folder(tmp_path):
    from lacuna.translation.search_tables import write_search

    cd = np.array([[0.5, 0.1, -0.2], [-0.6, 0.3, 0.1], [0.2, -0.9, 0.0]], np.float32)
    table = pd.DataFrame(
        {
            "signature": ["s1", "s2", "s3"],
            "drug": ["d1", "d2", "d3"],
            "cell": ["A375", "MCF7", "MCF7"],
            "dose": [1.0, 10.0, np.nan],
            "time": [6.0, 24.0, 24.0],
        }
    )
    found = search_genes([SignatureBlock(table, 2 * cd, 0.1 + 0 * cd, cd)], GENES)
    write_search(found.tables(), tmp_path / "translation/signatures/plates/gene_search.parquet")
    lines = ["gene\tlandmark", *(f"{gene}\tFalse" for gene in GENES)]
    (tmp_path / "translation/genes.tsv").write_text("\n".join(lines) + "\n")
    return tmp_path


def test_signatures_that_move_a_gene_are_named_the_strongest_first(folder):
    assert has_search(folder) and not has_search(folder / "translation")
    answer = translated_answer(folder, "alpha", (), top=5)
    up, down = (answer.tables[name].rows for name in ("up", "down"))
    assert up["drug"].tolist() == ["d1", "d3"] and down["drug"].tolist() == ["d2"]
    assert up["cd"].to_numpy() == pytest.approx([0.5, 0.2])
    assert up["fold_change"].to_numpy() == pytest.approx([1.0, 0.4])
    assert up["low"].to_numpy() == pytest.approx([0.9, 0.3])
    assert up["series"].unique().tolist() == ["plates"]
    assert answer.title == "Alpha in translated profiles"
    assert "inferred, not measured" in answer.notes[0]


def test_cells_and_numbers_are_kept_to(folder):
    answer = translated_answer(folder, "Alpha", ("mcf7",), top=5)
    assert answer.tables["up"].rows["drug"].tolist() == ["d3"]
    answer = translated_answer(folder, "Alpha", (), top=1)
    assert answer.tables["up"].rows["drug"].tolist() == ["d1"]


def test_an_unknown_gene_and_a_damaged_file_are_named(folder):
    with pytest.raises(LacunaError) as error:
        translated_answer(folder, "GAMA", (), 1)
    assert str(error.value) == (
        "no gene 'GAMA' (did you mean 'GAMMA'?) among the 3 of the translation."
    )
    path = next(folder.glob("translation/signatures/*/gene_search.parquet"))
    path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(DamagedFile, match=r"gene_search.parquet: cannot be read"):
        translated_answer(folder, "BETA", (), 1)
