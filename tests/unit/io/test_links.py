"""Messages name the user's own file and its series, not the link by which a job reads it."""

import gzip
import shutil

import numpy as np
import pandas as pd
import pytest

from lacuna.io.annotations import read_sources
from lacuna.io.gctx import Gctx, write_gctx
from lacuna.io.geo import read_genes, read_wells, unpack
from lacuna.io.gmt import read_gmt
from lacuna.io.links import keep_origin, name_origins
from lacuna.io.match import match
from lacuna.runtime.script_log import log_script

NO_SYMBOLS = pd.Series(dtype=object)
WELLS = {
    "inst_id": ["a", "b"],
    "rna_plate": "P_X1",
    "pert_id": ["D1", "DMSO"],
    "pert_iname": ["d", "DMSO"],
    "pert_type": ["trt_cp", "ctl_vehicle"],
    "pert_dose": "1",
    "pert_dose_unit": "um",
    "pert_time": "24",
    "pert_time_unit": "h",
    "cell_id": "A375",
}
GENES = {"pr_gene_id": ["780", "7849"], "pr_gene_symbol": ["DDR1", "PAX8"], "pr_is_lm": "1"}


class Screen:
    """A user's files, and the links by which jobs read them, as the workflow makes them."""

    def __init__(self, folder):
        self.own = folder / "my screen"
        self.own.mkdir()
        self.wells, self.genes, self.matrix = dict(WELLS), dict(GENES), np.ones((2, 2), "f4")
        self.packed = False

    def make_signatures(self):
        """Read all files as the job does that makes signatures; it fails."""
        self.write("wells (1).txt", pd.DataFrame(self.wells))
        self.write("genes.txt", pd.DataFrame(self.genes))
        demo = self.own / "demo.gctx"
        rows = pd.DataFrame(index=GENES["pr_gene_id"])
        write_gctx(demo, self.matrix, rows, pd.DataFrame(index=WELLS["inst_id"]))
        if self.packed:
            with gzip.open(f"{demo}.gz", "wb") as out:
                shutil.copyfileobj(demo.open("rb"), out)
        source = self.link(f"demo.gctx{'.gz' if self.packed else ''}")
        made = "results/mine/signatures/slinky/level3.gctx"
        unpack(source, made)
        keep_origin(source, made)
        with pytest.raises(SystemExit), log_script("log"):
            tables = {"inst_info": self.link("wells (1).txt"), "gene_info": self.link("genes.txt")}
            wells, genes = read_wells(tables["inst_info"]), read_genes(tables["gene_info"])
            with Gctx(made) as matrix:
                match(matrix, wells, genes, tables)
                matrix.read(matrix.rows, matrix.columns)

    def write(self, name, table):
        table.to_csv(self.own / name, sep="\t", index=False)

    def link(self, name, folder="slinky"):
        path = self.own.parent / "results/mine/acquire" / folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.symlink_to(self.own / name)
        return str(path.relative_to(self.own.parent))


@pytest.fixture
def screen(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return Screen(tmp_path)


def lose_cell(screen):
    del screen.wells["cell_id"]


def cut_ids(screen):
    screen.genes["pr_gene_id"] = ["78", "11683"]


def add_a_nan(screen):
    screen.matrix[0, 0] = np.nan


def swap_tables(screen):
    screen.genes = {"pert_id": ["D1"], "pert_iname": ["d"]}


@pytest.mark.fault(
    "a table that lacks a column, rows of a matrix that are no genes, NaN, swapped tables",
    "the message begins with the path of the user's file and its series, packed or not",
)
@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize(
    ("damage", "file", "said"),
    [
        (lose_cell, "wells (1).txt", "no column cell_id"),
        (cut_ids, "demo.gctx", "2 of 2 landmark genes (pr_is_lm 1) of gene_info"),
        (add_a_nan, "demo.gctx", "column 'a', row '780' is nan"),
        (swap_tables, "genes.txt", "no column pr_gene_id; it has 'pert_id', 'pert_iname'."),
    ],
)
def test_the_users_file_is_named_with_its_series(screen, capsys, damage, file, said, packed):
    screen.packed = packed
    damage(screen)
    screen.make_signatures()
    file = f"{file}.gz" if packed and file.endswith(".gctx") else file
    message = capsys.readouterr().err.strip()
    assert message.startswith(f"Error: {screen.own / file} (series slinky): {said}")
    assert "results/" not in message
    with open("log") as log:
        assert log.read().strip() == message


def test_a_damaged_link_is_to_be_got_again_and_a_damaged_copy_is_made_again(screen, capsys):
    (screen.own / "bad.gctx").write_bytes(b"no HDF5")
    for damaged, remedy in (
        (screen.link("bad.gctx"), f"Get {screen.own / 'bad.gctx'} again"),
        ("results/mine/signatures/slinky/level3.gctx", "level3.gctx is now named level3.gctx.dam"),
    ):
        if "signatures" in damaged:
            (screen.own.parent / damaged).parent.mkdir(parents=True)
            shutil.copy(screen.own / "bad.gctx", damaged)
            keep_origin(screen.own / "bad.gctx", damaged)
        with pytest.raises(SystemExit), log_script("log"):
            Gctx(damaged)
        message = capsys.readouterr().err
        assert f"Error: {screen.own / 'bad.gctx'} (series slinky): cannot be read" in message
        assert remedy in message
    assert (screen.own / "bad.gctx").exists()


def test_files_of_the_whole_data_set_are_named_by_what_they_are(screen):
    (screen.own / "drugs.tsv").write_text("")
    path = screen.link("drugs.tsv", "annotations")
    expected = f"In {screen.own / 'drugs.tsv'} (annotations), and again {screen.own / 'drugs.tsv'}"
    assert name_origins(f"In {path}, and again {path}") == f"{expected} (annotations)"


def test_other_paths_stay_as_they_are(screen, tmp_path):
    made = tmp_path / "results/mine/tensor/large.h5"
    made.parent.mkdir(parents=True)
    made.write_text("")
    link = screen.link("gone.txt")
    for message in (
        "results/mine/tensor/large.h5: cannot be read.",
        "results/nowhere, results/",
        f"other-{link}".replace("other-results", "otherresults"),
        f"/elsewhere/{link}: no such file",
        "",
        "results/\0",
    ):
        assert name_origins(message) == message
    assert (
        name_origins(f"{link}: no such file")
        == f"{screen.own}/gone.txt (series slinky): no such file"
    )


def test_a_results_folder_on_another_disk_changes_nothing(screen, tmp_path):
    (tmp_path / "large").mkdir()
    (tmp_path / "results").symlink_to(tmp_path / "large")
    (screen.own / "wells.txt").write_text("")
    message = name_origins(f"{screen.link('wells.txt')}: no column")
    assert message == f"{screen.own / 'wells.txt'} (series slinky): no column"
    assert name_origins("results/mine/log: full") == "results/mine/log: full"


def test_an_origin_goes_when_the_file_becomes_a_link(screen):
    (screen.own / "a.gctx").write_text("")
    made = screen.own.parent / "made.gctx"
    made.write_text("")
    keep_origin(screen.own / "a.gctx", made)
    origin = made.with_name(".made.gctx.origin")
    assert origin.readlink() == screen.own / "a.gctx"
    made.unlink()
    made.symlink_to(screen.own / "a.gctx")
    keep_origin(screen.own / "a.gctx", made)
    assert not origin.is_symlink()


@pytest.mark.parametrize(
    ("folder", "read", "text", "said"),
    [
        (
            "annotations",
            lambda path: read_sources({"table": path}, NO_SYMBOLS),
            "a\nb\n",
            "no column",
        ),
        (
            "annotations",
            lambda path: read_sources({"table": path}, NO_SYMBOLS),
            "name\nb\0\n",
            "zero",
        ),
        ("gene_sets", read_gmt, "one\n", ""),
    ],
)
def test_tables_beside_the_series_are_named_by_the_users_file(
    screen, capsys, folder, read, text, said
):
    (screen.own / "mine.txt").write_text(text)
    with pytest.raises(SystemExit), log_script("log"):
        read(screen.link("mine.txt", folder))
    message = capsys.readouterr().err.strip()
    assert message.startswith(f"Error: {screen.own / 'mine.txt'} ({folder}): ")
    assert said in message and "results/" not in message
