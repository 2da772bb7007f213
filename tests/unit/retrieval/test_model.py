"""The model that others use: it ranks as in the run, and says what does not fit it."""

from pathlib import Path

import anndata
import numpy as np
import pandas as pd
import pytest
from retrieval_world import BLOCKS, LINES

from lacuna.command import main
from lacuna.errors import DamagedFile, LacunaError
from lacuna.io.tsv import read_table, write_table
from lacuna.retrieval.data import read_fold
from lacuna.retrieval.model import Calibration, load_retriever
from lacuna.retrieval.model_jobs import assemble_retriever
from lacuna.retrieval.retrieve import read_library, read_profiles


@pytest.fixture(scope="module")
def model(stage):
    path = str(stage.folder / "model.h5")
    files = stage.cut | {"encoded": stage.encoded, "aligned": [stage.aligned["model"]]}
    assemble_retriever(
        files, path, encoders=["morgan", "descriptors"], options={}, lines=LINES, blocks=BLOCKS
    )
    return path


@pytest.fixture
def queries(stage, tmp_path):
    """Test wells, their controls and the test drugs as a user has them: tables of text."""
    fold = read_fold(stage.cut, 0, LINES, BLOCKS)
    side, genes = fold.sides["test"], anndata.read_h5ad(stage.files["treated"]).var_names
    for name, values in (("profile", side.treated), ("control", side.control)):
        table = pd.DataFrame(values.T, index=genes, columns=side.wells.index)
        table.rename_axis("gene").reset_index().to_csv(
            tmp_path / f"{name}.tsv", sep="\t", index=False
        )
    lines = [f"{row.smiles} {key}" for key, row in side.molecules.iterrows()]
    (tmp_path / "library.smi").write_text("\n".join(lines) + "\nnonsense broken\n")
    return tmp_path


def scaled(path, factor):
    table = read_table(path).set_index("gene") * factor
    write_table(table.reset_index(), path)


def retrieve(folder, model, *more):
    words = ["retrieve", "--model", model, "--profile", str(folder / "profile.tsv")]
    words += ["--control", str(folder / "control.tsv"), "--library", str(folder / "library.smi")]
    return main([*words, "--output", str(folder / "out.tsv"), *more])


def test_a_library_is_ranked_as_in_the_run(stage, model, queries, capsys):
    assert retrieve(queries, model) == 0
    assert "Left out: 1 structures" in capsys.readouterr().out
    table = read_table(queries / "out.tsv")
    ranks = stage.ranks.query(
        "method == 'correlation' and level == 'well' and direction == 'structure' "
        "and right == 'own' and within == 'library'"
    ).set_index("name")["rank"]
    drug = anndata.read_h5ad(stage.files["treated"]).obs["drug"].astype(str)
    right = table[table["inchi_key"] == table["profile"].map(drug)].set_index("profile")["rank"]
    assert np.allclose(right.reindex(ranks.index), ranks, atol=0.51)  # ties to the last digit
    first = table[table["profile"] == table["profile"].iloc[0]]
    assert first["rank"].is_monotonic_increasing and first["distance"].is_monotonic_increasing
    assert first["p"].between(0, 1).all() and first["recall"].is_monotonic_increasing
    assert first["recall"].iloc[-1] == 1


def test_profiles_are_ranked_for_a_structure(model, queries):
    assert retrieve(queries, model, "--back", "--top", "3") == 0
    table = read_table(queries / "out.tsv")
    assert table.groupby("inchi_key").size().max() <= 3
    assert "recall" not in table
    assert table.groupby("inchi_key")["rank"].min().eq(1).mean() > 0.9


def test_controls_belong_to_profiles_by_name_and_others_by_their_mean(model, queries):
    assert retrieve(queries, model) == 0
    expected = read_table(queries / "out.tsv")
    control = read_table(queries / "control.tsv")
    write_table(control[["gene", *control.columns[:0:-1]]], queries / "control.tsv")
    assert retrieve(queries, model) == 0
    by_name = read_table(queries / "out.tsv")
    assert np.allclose(by_name["distance"], expected["distance"], atol=1e-4)
    mean = control[["gene"]].assign(vehicle=control.drop(columns="gene").mean(axis=1))
    found = []
    for table in (mean, control.add_prefix("x").rename(columns={"xgene": "gene"})):
        write_table(table, queries / "control.tsv")
        assert retrieve(queries, model) == 0
        found.append(read_table(queries / "out.tsv").sort_values(["profile", "name"]))
    assert np.allclose(found[0]["distance"], found[1]["distance"], atol=1e-3)
    in_order = expected.sort_values(["profile", "name"])["distance"]
    assert not np.allclose(found[1]["distance"], in_order, atol=1e-3)


def test_inputs_are_not_written_over(model, queries, capsys):
    library = (queries / "library.smi").read_bytes()
    assert retrieve(queries, model, "--output", str(queries / "library.smi")) == 1
    assert "is read" in capsys.readouterr().err
    assert (queries / "library.smi").read_bytes() == library


def test_what_ties_with_the_last_place_is_shown(model, queries):
    text = "C[C@H](O)CN one\nC[C@@H](O)CN its-mirror-image\nCCO other\n"
    (queries / "library.smi").write_text(text)
    assert retrieve(queries, model, "--top", "1") == 0
    table = read_table(queries / "out.tsv")
    assert table.groupby("profile").size().min() >= 1
    assert (table.loc[table["name"] != "other", "rank"] == 1.5).all()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda f: write_table(read_table(f / "profile.tsv").iloc[5:], f / "profile.tsv"),
         "lack 5 of the model's 978 genes"),
        (lambda f: (f / "control.tsv").unlink(), "control.tsv"),
        (lambda f: (f / "library.smi").write_text("nonsense\n\n"), "none of its 1 structures"),
        (lambda f: (f / "library.smi").write_text("\n"), "has no line"),
        (lambda f: (f / "library.smi").write_bytes(b"\xff\xfe\x00C"), "is no text"),
        (lambda f: write_table(read_table(f / "profile.tsv").assign(extra=5.0), f / "profile.tsv"),
         "'extra' has one value in all genes"),
        (lambda f: scaled(f / "profile.tsv", 2.0), "this model reads Level 3"),
        (lambda f: (f / "library.smi").rename(f / "gone.smi"), "library.smi: no such file"),
    ],
)  # fmt: skip
@pytest.mark.fault("files for `lacuna retrieve` that do not fit", "named, without a traceback")
def test_what_does_not_fit_is_named(model, queries, capsys, change, said):
    change(queries)
    assert retrieve(queries, model) == 1
    shown = capsys.readouterr()
    assert said in shown.err + shown.out
    assert "Traceback" not in shown.err
    assert not (queries / "out.tsv").exists()


def test_controls_are_asked_for(model, queries, capsys):
    words = ["retrieve", "--model", model, "--profile", str(queries / "profile.tsv")]
    words += ["--library", str(queries / "library.smi"), "--output", str(queries / "out.tsv")]
    assert main(words) == 1
    assert "give them with --control" in capsys.readouterr().err


def test_a_library_of_one_molecule_is_ranked(model, queries):
    first = (queries / "library.smi").read_text().splitlines()[0]
    (queries / "library.smi").write_text(f"smiles name\n{first}\n{first}\n")
    assert retrieve(queries, model) == 0
    table = read_table(queries / "out.tsv")
    assert (table["rank"] == 1).all() and (table["of"] == 1).all()


def test_compounds_are_one_whatever_their_salt(tmp_path):
    (tmp_path / "a.smi").write_text("CC(=O)O\tacid\nCC(=O)[O-].[Na+] salt of it\n\nCCO\n")
    table, left_out = read_library(tmp_path / "a.smi")
    assert table["name"].tolist() == ["acid", "CCO"]
    assert left_out == {}


def test_a_gene_that_stands_twice_is_named(tmp_path):
    (tmp_path / "a.tsv").write_text("gene\ts1\nTP53\t5\nTP53\t6\n")
    with pytest.raises(LacunaError, match=r"a\.tsv: .*TP53"):
        read_profiles(tmp_path / "a.tsv", None)


@pytest.mark.fault("a damaged model of a retrieval", "named")
def test_a_damaged_model_is_named(model, tmp_path):
    whole = Path(model).read_bytes()
    path = tmp_path / "model.h5"
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(DamagedFile, match=r"model\.h5"):
        load_retriever(path)


def test_another_file_is_no_model(stage):
    with pytest.raises(LacunaError, match="not a model of a retrieval"):
        load_retriever(stage.encoded[0])


def test_calibration_is_that_of_the_held_out_queries():
    rng = np.random.default_rng(0)
    distances, truth = rng.random((50, 20)), rng.integers(20, size=50)
    rank = 1 + (distances < distances[np.arange(50), truth][:, None]).sum(axis=1)
    known = Calibration.of(distances, truth, rank)
    wrong = np.delete(distances.ravel(), np.arange(50) * 20 + truth)
    for at in (0.1, 0.5, 0.9):
        assert known.p_values(np.array([at]))[0] == pytest.approx((wrong <= at).mean(), abs=0.01)
    assert known.recall(np.array([0.25]))[0] == pytest.approx((rank <= 5).mean())
    assert known.recall(np.array([1.0]))[0] == 1
    first = known.recall(np.array([1 / 20]))[0]
    assert known.recall(np.array([1 / 40]))[0] == pytest.approx(first / 2)  # a larger library
