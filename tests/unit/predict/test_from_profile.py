"""`lacuna predict --profile`, and the same from Python, as a user would ask."""

import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import replace

import anndata
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from networks import described, untrained
from promises import reads_or_refuses
from strategies import changed_table
from structured import finished_run

import lacuna
from lacuna.command import main
from lacuna.completion.completed import CompletedTensor
from lacuna.completion.methods.deepcellstate import DeepCellState
from lacuna.errors import LacunaError
from lacuna.io.landmarks import landmarks
from lacuna.io.tsv import read_table, write_table
from lacuna.predict.given import read_given

GENES = landmarks()[landmarks()["ensembl"] != ""].head(40).reset_index(drop=True)
CELLS = ["MCF7", "PC3", "A375"]  # the last one without a decoder
RNG = np.random.default_rng(4)
CHANGES = pd.DataFrame(RNG.normal(size=(40, 3)), columns=["one:HEPG2", "two", "three"])
FRAME = CHANGES.set_index(GENES["symbol"])


def described_on(scale="unit", cells=CELLS):
    return described(GENES["entrez"], cells, scale, GENES["symbol"], drugs=["BRD-K1", "BRD-K2"])


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    results = tmp_path_factory.mktemp("results")
    (results / "demo/completed").mkdir(parents=True)
    untrained(cells=3).save(results / "demo/completed/deepcellstate.model.h5", described_on())
    return results


@pytest.fixture
def path(results):
    return results / "demo/completed/deepcellstate.model.h5"


@pytest.fixture
def table(tmp_path):
    def write(names=None, changes=CHANGES, name="p.tsv", separator="\t"):
        named = changes.set_index(pd.Index(GENES["symbol"] if names is None else names, name="g"))
        named.to_csv(tmp_path / name, sep=separator)
        return tmp_path / name

    return write


def expected(path, changes=CHANGES, cell=1):
    """What PyTorch makes of profiles of unit length, each by itself."""
    rows = changes.to_numpy().T
    rows = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    return DeepCellState.load(path, "cpu").translate(rows, None, cell)


def answer(printed):
    lines = [line.split("\t") for line in printed.out.splitlines()]
    return [dict(zip(lines[0], line, strict=True)) for line in lines[1:]]


def test_profiles_are_translated_one_by_one_and_averaged(ask, table, path):
    printed = ask("--profile", table(), "--to", "pc3")
    [row] = answer(printed)
    profile = expected(path).mean(axis=0)
    order = np.argsort(profile)
    symbols = GENES["symbol"].to_numpy()
    assert (row["name"], row["cell"]) == ("mean of 3", "PC3")
    assert row["up"].split() == symbols[order[::-1][:5]].tolist()
    assert row["down"].split() == symbols[order[:5]].tolist()
    units = CHANGES / np.linalg.norm(CHANGES, axis=0)
    assert float(row["r"]) == pytest.approx(
        np.corrcoef(units.mean(axis=1), profile)[0, 1], abs=1e-5
    )
    assert float(row["norm"]) == pytest.approx(np.linalg.norm(profile), abs=1e-5)
    said = printed.err
    assert "each was translated, and these were averaged" in said
    assert "genes: 40 of 40 found" in said
    assert "trained_on: 2 drugs in 2 cells: MCF7, PC3" in said
    assert "The data are SIMULATED" in said
    assert "Nothing beside the model says how good this is" in said
    inputs = json.loads(ask("--profile", table(), "--to", "PC3", "--format", "json").out)["inputs"]
    assert [one["name"] for one in inputs] == list(CHANGES)


def test_python_needs_three_lines(table, path):
    model = lacuna.read_model(path)
    profiles = model.predict(table(), to="PC3")
    assert list(profiles) == ["PC3"]
    assert profiles.index.tolist() == GENES["symbol"].tolist()
    assert np.abs(profiles["PC3"] - expected(path).mean(axis=0)).max() < 1e-6
    assert model.predict(FRAME, to="pc3").equals(model.predict(FRAME, to="PC3"))
    assert np.abs(model.predict(FRAME, to="PC3") - profiles).to_numpy().max() < 1e-6
    one = model.predict(FRAME["two"], to="PC3")["PC3"]
    each = model.translate(FRAME, to="PC3")
    assert np.allclose(one, each["two"])
    assert list(each) == list(CHANGES)
    assert np.abs(each.to_numpy().T - expected(path)).max() < 1e-6
    assert model.cells == ["MCF7", "PC3"]


NAMED = {
    "symbols": GENES["symbol"],
    "Entrez ids": GENES["entrez"],
    "Ensembl ids": GENES["ensembl"],
    "Ensembl ids with versions": GENES["ensembl"] + ".7",
    "lower case": GENES["symbol"].str.lower(),
    "all kinds": [GENES[kind][row] for row, kind in enumerate(["symbol", "entrez"] * 20)],
}


@pytest.mark.parametrize("names", NAMED.values(), ids=NAMED)
def test_genes_are_found_by_whatever_they_are_called(table, path, names):
    given = read_given(table(list(names)), described_on().genes)
    assert given.missing == []
    assert np.allclose(given.numbers, CHANGES.to_numpy().T)


@pytest.mark.parametrize("ending", [".csv", ".gct", ".gctx", ".h5ad", ".tsv.gz"])
def test_every_layout_says_the_same(table, path, tmp_path, ending):
    source = table()
    if ending == ".csv":
        table(name="p.csv", separator=",")
    elif ending == ".tsv.gz":
        table(name="p.tsv.gz")
    else:
        lacuna.convert(source, tmp_path / f"p{ending}")
    model = lacuna.read_model(path)
    found = model.translate(tmp_path / f"p{ending}", to="PC3")
    assert np.abs(found.to_numpy().T - expected(path)).max() < 1e-6


def test_the_order_of_genes_and_their_scale_are_no_matter(table, path):
    model = lacuna.read_model(path)
    usual = model.predict(FRAME, to="PC3")
    for other in (FRAME.iloc[::-1], 1e6 * FRAME, 1e-300 * FRAME, 1e300 * FRAME):
        assert np.abs(model.predict(other, to="PC3") - usual).to_numpy().max() < 1e-6


def test_z_scores_are_taken_as_they_are(ask, table, path, tmp_path):
    model = replace(untrained(cells=3), scale=4.0)
    model.save(tmp_path / "z.h5", described_on("z"))
    found = lacuna.read_model(tmp_path / "z.h5").translate(
        CHANGES.set_index(GENES["symbol"]), "PC3"
    )
    assert np.abs(found.to_numpy().T - model.translate(CHANGES.to_numpy().T, None, 1)).max() < 1e-5
    said = ask("--model", tmp_path / "z.h5", "--profile", table(), "--to", "PC3").err
    assert "trained on z-scores of up to 4" in said
    assert "lie beyond" not in said
    large = table(changes=CHANGES.assign(two=[9.5] + [0.1] * 39))
    said = ask("--model", tmp_path / "z.h5", "--profile", large, "--to", "PC3").err
    first = GENES["symbol"][0]
    assert (
        f"1 of 120 values lie beyond the largest of the training (4), most of all {first} " in said
    )


def test_a_model_that_averages_its_inputs_does_so_here(path, tmp_path):
    replace(untrained(cells=3), inputs="mean").save(tmp_path / "m.h5", described_on())
    found = lacuna.read_model(tmp_path / "m.h5").predict(CHANGES.set_index(GENES["symbol"]), "PC3")
    rows = (CHANGES / np.linalg.norm(CHANGES, axis=0)).mean(axis=1).to_numpy()[None]
    truth = DeepCellState.load(path, "cpu").translate(rows, None, 1)[0]
    assert np.abs(found["PC3"] - truth).max() < 1e-6


def test_missing_and_unknown_genes_are_counted_and_missing_ones_are_0(ask, table, path):
    names = GENES["symbol"].tolist()
    names[3], names[7] = "NOGENE1", "NOGENE2"
    printed = ask("--profile", table(names), "--to", "PC3")
    assert "2 of the model's 40 genes are not in" in printed.err
    assert f"set to 0: '{GENES['symbol'][3]}', '{GENES['symbol'][7]}'." in printed.err
    assert "2 genes of" in printed.err
    without = CHANGES.copy()
    without.iloc[[3, 7]] = 0
    found = lacuna.read_model(path).predict(table(names), to="PC3")["PC3"]
    assert np.abs(found - expected(path, without).mean(axis=0)).max() < 1e-6


def test_what_is_odd_is_said(ask, table):
    said = ask("--profile", table(changes=CHANGES.abs()), "--to", "PC3").err
    assert "No value is below 0" in said
    named = CHANGES[["two"]].rename(columns={"two": "name of brd-k2:HEPG2"})
    said = ask("--profile", table(changes=named), "--to", "PC3").err
    assert "trained on a drug of this name: 'name of brd-k2:HEPG2'" in said
    assert "not told which cell" in said
    assert "averaged" not in said
    several = CHANGES.set_axis(["a:HEPG2", "b:HEPG2", "a:A549"], axis=1)
    said = ask("--profile", table(changes=several), "--to", "PC3").err
    assert "names are those of 2 drugs ('a', 'b'); expected one" in said
    said = ask("--profile", table(GENES["symbol"].str.lower()), "--to", "PC3").err
    assert "40 genes were found only without regard to upper and lower case" in said


def test_the_run_says_how_good_it_is(ask, table, results):
    values = {"split": ["profiles", "cell_transfer", "cell_transfer"], "value": [0.9, 0.6, 0.3]}
    values |= {"method": ["deepcellstate", "deepcellstate", "mean_1d"], "metric": "profile_pearson"}
    scores = pd.DataFrame(values).assign(size="large", low=0.2, high=0.7)
    write_table(scores, results / "demo/metrics.tsv")
    said = ask("--profile", table(), "--to", "PC3").err
    (results / "demo/metrics.tsv").unlink()
    assert "drugs held out whole, shown in other cells only: the model's method reached r" in said
    assert "r 0.600 [0.200, 0.700], the input as it is r 0.300 [0.200, 0.700]" in said


def test_the_study_says_how_good_it_is(ask, table, path, tmp_path):
    (tmp_path / "cell_to_cell").mkdir()
    model = shutil.copy(path, tmp_path / "cell_to_cell/model.h5")
    words = ("--model", model, "--profile", table(), "--to", "pc3")
    assert "Nothing beside the model says how good this is" in ask(*words).err
    states = pd.DataFrame({"drug": [f"d{n}" for n in range(20)], "cell": ["PC3", "MCF7"] * 10})
    states["pearson"] = np.where(states["cell"] == "PC3", 0.5, 0.1)
    write_table(states, tmp_path / "cell_to_cell/latent_states.tsv")
    said = ask(*words).err
    assert "it predicted 10 profiles in PC3 from those in other cells: mean r 0.500 [0.500" in said


@pytest.mark.parametrize("ending", [".tsv", ".tsv.gz", ".gctx", ".h5ad"])
def test_all_genes_are_written_and_read_again(ask, table, path, tmp_path, ending):
    output = tmp_path / f"made/o{ending}"
    output.parent.mkdir()
    source = table()
    ask("--profile", source, "--to", "PC3", "--output", output)
    profile = expected(path).mean(axis=0)
    if ending == ".gctx":
        with CompletedTensor.open(output) as product:
            found = product.profile("mean of 3", "PC3")
        assert found.source == "predicted"
        values = found.values.to_numpy()  # noqa: PD011 - an attribute of ours
    elif ending == ".h5ad":
        made = anndata.read_h5ad(output)
        values = made.X[0]
        assert made.uns["predicted_by"].startswith("profiles in other cells: one:HEPG2, two")
    else:
        values = read_table(output)["mean of 3:PC3"]
        assert list(read_table(output)) == ["gene", "symbol", "mean of 3:PC3"]
    assert np.allclose(values, profile, atol=1e-5)
    assert {one.name for one in output.parent.iterdir()} == {output.name}
    again = tmp_path / f"made/again{ending}"
    ask("--profile", source, "--to", "PC3", "--output", again)
    assert again.read_bytes() == output.read_bytes()
    assert answer(ask("--profile", output, "--to", "PC3"))[0]["cell"] == "PC3"


def test_the_model_of_the_run_is_asked(table, results, tmp_path, capsys, path):
    runs = tmp_path / "runs"
    words = ["predict", "--profile", str(table()), "--to", "PC3", "--results", str(runs)]
    (runs / "study/cell_to_cell").mkdir(parents=True)
    shutil.copy(path, runs / "study/cell_to_cell/model.h5")
    assert main(words) == 0
    assert "study/cell_to_cell/model.h5" in capsys.readouterr().err
    finished_run(runs, "structures", held_out=False, drugs=30)  # whose model is asked by structure
    (runs / "all/completed").mkdir(parents=True)
    shutil.copy(path, runs / "all/completed/mine.model.h5")
    os.utime(runs / "all/completed/mine.model.h5", (2e9, 2e9))
    assert main(words) == 0
    said = capsys.readouterr().err
    assert "Asking all, the newest run with a model" in said
    assert "all/completed/mine.model.h5" in said
    assert main([*words, "--dataset", "study"]) == 0
    capsys.readouterr()
    for name, message in {
        "structures": "has no model of profiles from cell to cell. Say --model FILE",
        "stud": "no run 'stud' (did you mean 'study'?)",
    }.items():
        assert main([*words, "--dataset", name]) == 1
        assert message in capsys.readouterr().err


def test_structures_are_asked_of_the_other_model(path, tmp_path, capsys):
    folder = finished_run(tmp_path, held_out=False, drugs=30)
    shutil.copy(path, folder / "completed/deepcellstate.model.h5")
    config = (folder / "config.yaml").read_text()
    (folder / "config.yaml").write_text(config.replace("- kernel", "- deepcellstate\n  - kernel"))
    words = ["predict", "--results", str(tmp_path), "--smiles", "OCCCCc1ccoc1"]
    assert main(words) == 0
    assert "completed by Kernel" in capsys.readouterr().err
    assert main([*words, "--model", str(path)]) == 1
    assert "--to and --model go with --profile" in capsys.readouterr().err
    kernel = str(folder / "completed/kernel.model.h5")
    assert main(["predict", "--profile", "p.tsv", "--to", "PC3", "--model", kernel]) == 1
    assert "which predicts by structure: lacuna predict --smiles" in capsys.readouterr().err


TEXT = "g\ta\n" + "\n".join(f"{symbol}\t0.{row}" for row, symbol in enumerate(GENES["symbol"], 1))
FIRST = GENES["symbol"][0]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (None, "p.tsv: no such file; expected a table of genes x profiles"),
        ("", "p.tsv: "),
        ("g\ta\n", "p.tsv: has 0 genes and 1 samples"),
        ("g\n" + "\n".join(GENES["symbol"]), "no names of samples"),
        (
            TEXT.replace("\t0.7\n", "\thigh\n"),
            r"p.tsv: line 8, gene '\w+', sample 'a': 'high' is no",
        ),
        (
            TEXT.replace("\t0.7\n", "\tNaN\n"),
            r"p.tsv: line 8, gene '\w+', profile 'a': has no value",
        ),
        (TEXT.replace("\t0.7\n", "\t\n"), r"line 8, gene '\w+', profile 'a': has no value"),
        (TEXT.replace("\t0.7\n", "\tinf\n"), "is inf"),
        (
            TEXT + f"\n{FIRST}\t1",
            f"line 2, gene '{FIRST}' and line 42, gene '{FIRST}' are one gene",
        ),
        (
            TEXT + f"\n{GENES['entrez'][0]}\t1",
            f"gene '{FIRST}' and line 42, gene '16' are one gene",
        ),
        (
            re.sub(r"(?m)^\w+\t0", "OTHER\t0", TEXT),
            "has 0 of the model's 40 genes; expected at least",
        ),
        ("\n".join(TEXT.split("\n")[:15]), "has 14 of the model's 40 genes.* It lacks "),
        (re.sub(r"\t0\.\d+", "\t0", TEXT), "profile 'a' is 0 in all of the model's genes"),
        (TEXT.replace("g\ta", "g\ta\ta").replace("\t0", "\t1\t0"), "'a' stand more than once"),
    ],
)
def test_mistakes_in_the_table_are_said(ask, tmp_path, monkeypatch, text, said):
    monkeypatch.chdir(tmp_path)
    if text is not None:
        (tmp_path / "p.tsv").write_text(text + "\n")
    before = set(tmp_path.iterdir())
    error = ask("--profile", "p.tsv", "--to", "PC3", "--output", "o.tsv", fails=True)
    assert re.search(said, error), error
    assert set(tmp_path.iterdir()) == before


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--to", "PC4"], r"does not predict the cell 'PC4' \(did you mean 'PC3'.*'MCF7', 'PC3'"),
        (["--to", "A375"], "does not predict the cell 'A375'; it was trained on 'MCF7', 'PC3'"),
        ([], "0 --to; expected one cell, of MCF7, PC3"),
        (["--to", "PC3", "--to", "MCF7"], "2 --to; expected one cell"),
        (["--to", "PC3", "--smiles", "C"], "--smiles, --table or --profile, one of these"),
        (["--to", "PC3", "--cell", "PC3"], "--name and --cell go with --smiles"),
        (["--to", "PC3", "--model", "nowhere.h5"], "nowhere.h5: no such file; expected the model"),
        (["--to", "PC3", "--model", "p.tsv"], "p.tsv: "),
        (["--to", "PC3", "--output", "o.xlsx"], "expected a name that ends with"),
        (["--to", "PC3", "--output", "p.tsv"], "p.tsv: is read; expected another name"),
    ],
)
def test_mistakes_on_the_command_line_are_said(ask, table, tmp_path, monkeypatch, words, said):
    monkeypatch.chdir(tmp_path)
    table()
    error = ask("--profile", "p.tsv", *words, fails=True)
    assert re.search(said, error), error
    assert [one.name for one in tmp_path.iterdir()] == ["p.tsv"]


@pytest.mark.parametrize(
    ("frame", "said"),
    [
        (pd.DataFrame(), "table: has 0 genes and 0 profiles"),
        (FRAME[[]].assign(symbol=FRAME.index), "table: has 40 genes and 0 profiles"),
        (FRAME.assign(two=[np.inf] + [1.0] * 39), "row 1, gene 'AARS', profile 'two': is inf"),
        (
            FRAME.assign(two=["1"] * 39 + ["x"]),
            r"row 40, gene '\w+', profile 'two': 'x' is no number",
        ),
        (FRAME.iloc[[0, *range(40)]], "row 1, gene .* and row 2, gene"),
        (FRAME.mask(FRAME > 2), "has no value"),
        (FRAME.set_axis(["a", "b", "a"], axis=1), "profiles 'a' stand more than once"),
        (CHANGES, "has 5 of the model's 40 genes"),  # row numbers, some of which are Entrez ids
    ],
)
def test_mistakes_in_a_frame_are_said(path, frame, said):
    with pytest.raises(LacunaError, match=said):
        lacuna.read_model(path).predict(frame, to="PC3")


def test_the_index_of_a_frame_may_stand_in_columns(path):
    told = CHANGES.assign(gene=GENES["entrez"], symbol=GENES["symbol"])
    model = lacuna.read_model(path)
    assert model.predict(told, to="PC3").equals(model.predict(FRAME, to="PC3"))


@given(data=st.data())
@settings(max_examples=30, deadline=None)
def test_whatever_the_table_holds_it_is_answered_or_refused(results, tmp_path_factory, data):
    model = lacuna.read_model(results / "demo/completed/deepcellstate.model.h5")
    path = tmp_path_factory.mktemp("any") / "p.tsv"
    path.write_bytes(data.draw(changed_table(TEXT)))

    def read(path):
        found = model.predict(path, to="MCF7")
        assert found.shape == (40, 1)
        assert np.isfinite(found.to_numpy()).all()

    reads_or_refuses(read, path)


def test_pytorch_is_not_imported(table, path):
    """It takes a second, and the answer is to take none."""
    words = ["predict", "--model", str(path), "--profile", str(table()), "--to", "PC3"]
    code = "import sys; from lacuna.command import main; main(sys.argv[1:])"
    code += "; print(*sys.modules, file=sys.stderr)"
    ended = subprocess.run(
        [sys.executable, "-c", code, *words], capture_output=True, text=True, check=True
    )
    heavy = {"torch", "sklearn", "matplotlib", "rdkit", "anndata", "snakemake"}
    assert "PC3" in ended.stdout
    assert not heavy & set(ended.stderr.split())
