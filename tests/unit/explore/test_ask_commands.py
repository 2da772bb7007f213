"""The commands that ask, called as a user would."""

import json
import subprocess
import sys

import pandas as pd
import pytest
from asked import DROPPED
from damage import cut_short
from indexed import planted, write_index

from lacuna import command


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """A folder in which a run was finished."""
    home = tmp_path_factory.mktemp("home")
    folder = home / "results/toy"
    for part in ("completed", "explore"):
        (folder / part).mkdir(parents=True)
    facts = {"dataset": "toy", "method": "kernel", "method_label": "Kernel", "simulated": True}
    write_index(folder, *planted(drugs=8, cells=4), dropped=DROPPED, facts=facts)
    for ending in ("gctx", "h5ad"):
        (folder / f"product.{ending}").rename(folder / f"completed/kernel.{ending}")
    (folder / "index.h5").rename(folder / "explore/index.h5")
    return home


@pytest.fixture(autouse=True)
def here(home, monkeypatch):
    monkeypatch.chdir(home)
    return home


def lacuna(capsys, *words):
    status = command.main([*words])
    printed = capsys.readouterr()
    return status, printed.out, printed.err


def test_a_profile_is_shown_for_people_and_programs(capsys):
    status, out, _ = lacuna(capsys, "show", "name d1", "C2", "--format", "table", "--top", "2")
    assert status == 0
    for said in ("name d1 (d1) in c2", "most raised", "SIMULATED", "toy, completed by Kernel"):
        assert said in out
    _, out, _ = lacuna(capsys, "show", "d1", "c2", "--format", "json")
    read = json.loads(out)
    assert read["facts"]["cell"] == "c2" and len(read["up"]) == 10
    status, out, err = lacuna(capsys, "show", "d1", "--top", "3")
    assert out.startswith("cell\tlineage\tsource\texpected_r\t")
    assert "run: toy, completed by Kernel" in err
    assert len(out.splitlines()) == 5


def test_a_gene_is_asked_for_as_a_table(capsys):
    status, out, _ = lacuna(capsys, "gene", "symg3", "--source", "predicted", "--top", "2")
    assert status == 0
    assert out.splitlines()[0].split("\t")[:6] == [
        *("direction", "place", "drug", "name", "cell", "source"),
    ]
    assert all("\tpredicted\t" in line for line in out.splitlines()[1:])


def test_a_signature_is_searched_for(capsys, here):
    (here / "up.txt").write_text("Symg1\nSymg2\nSymg3\n")
    (here / "down.txt").write_text("Symg4\nSymg5\n")
    status, out, err = lacuna(capsys, "similar", "--up", "up.txt", "--down", "down.txt")
    assert status == 0 and out.startswith("side\tplace\tdrug\tname\tcell\tsource\texpected_r\ttier")
    assert "genes_found: 5 of 5" in err
    status, out, _ = lacuna(capsys, "similar", "--profile", "d1", "c2", "--by", "drug")
    assert status == 0 and out.startswith("side\tplace\tdrug\tname\tmoa\tncs")


def test_a_part_is_exported(capsys, here):
    status, out, _ = lacuna(capsys, "export", "part.h5ad", "--drug", "d1", "--cell", "c2")
    assert (status, out) == (0, "1 of 32 profiles x 40 genes: part.h5ad\n")
    assert (here / "part.h5ad").is_file()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["show", "name d9"], "no drug 'name d9' (did you mean 'name d"),
        (["show", "gone"], "drug BRD-9 (gone) was measured, and is not in the tensor: it fell out"),
        (["show", "d1", "c9"], "no cell 'c9' among the 4 of the tensor: 'c0', 'c1', 'c2', "),
        (["show", "d1", "c1", "--top", "0"], "--top is 0; expected 1 or more."),
        (["gene", "Symg99"], "no gene 'Symg99' (did you mean "),
        (
            ["similar"],
            "expected one signature, of --up and --down, --table, or --profile; got none",
        ),
        (
            ["similar", "--up", "up.txt", "--table", "b"],
            "expected one signature, of --up and --down, --table, or --profile; got --up or --down "
            "and --table.",
        ),
        (["similar", "--up", "absent.txt"], "absent.txt: no such file"),
        (["export", "part.xyz"], "part.xyz: the ending '.xyz' says no layout"),
        (["show", "d1", "--dataset", "other"], "results: has no run 'other'; there are 'toy'."),
        (["show", "d1", "--results", "nowhere"], "nowhere: no such folder."),
    ],
)
def test_a_mistake_is_one_line_that_says_what_to_do(capsys, words, said):
    status, out, err = lacuna(capsys, *words)
    assert (status, out) == (1, "")
    assert err.startswith(f"Error: {said}") and err.count("\n") == 1


@pytest.mark.fault("cut off the index that is asked", "named, without a traceback")
def test_a_damaged_index_is_named(capsys, home, tmp_path):
    path = tmp_path / "toy/explore/index.h5"
    path.parent.mkdir(parents=True)
    path.write_bytes(cut_short((home / "results/toy/explore/index.h5").read_bytes()))
    status, out, err = lacuna(capsys, "gene", "Symg1", "--results", str(tmp_path))
    assert (status, out) == (1, "")
    assert err.startswith(f"Error: {path}: cannot be read") and err.count("\n") == 1
    assert "remove it, and run again: the workflow makes it anew" in err


def test_what_all_commands_import_is_light():
    heavy = {"numpy", "pandas", "h5py", "rich", "rdkit", "torch", "sklearn"}
    code = (
        "import sys; from lacuna.command import find_commands; list(find_commands()); "
        f"print(sorted({heavy!r} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("form", ["table", "tsv", "json"])
def test_a_reader_that_has_enough_is_no_error(home, form):
    words = ["-m", "lacuna.command", "show", "d1", "--format", form]
    process = subprocess.Popen(
        [sys.executable, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=home
    )
    process.stdout.close()
    _, errors = process.communicate(timeout=120)
    assert process.returncode == 0 and b"Traceback" not in errors


def test_tables_of_one_answer_are_one_table_to_a_program(capsys, here):
    _, out, _ = lacuna(capsys, "show", "d1", "c2", "--top", "4")
    (here / "shown.tsv").write_text(out)
    table = pd.read_csv(here / "shown.tsv", sep="\t")
    assert table["direction"].value_counts().to_dict() == {"up": 4, "down": 4}
