"""Input that is meant to do harm: promises of size, bombs, links, code in data, odd names."""

import gzip
import pickle
import re
import zipfile
from dataclasses import replace
from pathlib import Path

import h5py
import numpy as np
import pandas as pd
import pytest
import torch
from networks import described
from promises import refused_in_little_memory as refused
from toy import clustered
from wells import inst_info, write_text

from lacuna.completion.cell_model import CellModel
from lacuna.completion.interface import Completion
from lacuna.completion.methods.deepcellstate import DeepCellState
from lacuna.drawing.style import save_figure
from lacuna.evaluation.figures import heatmaps
from lacuna.io import annotations, geo
from lacuna.io import untrusted as incoming
from lacuna.io.gctx import Gctx, write_gctx
from lacuna.io.tsv import guard_formulas, read_table, write_table
from lacuna.io.untrusted import open_untrusted
from lacuna.networks.training import read_saved
from lacuna.report.page import write_page
from lacuna.tensor.profiles import ProfileSet

ROOT = Path(__file__).parents[3]
MARKUP = "</td><script>alert(1)</script>&\"'"
FORMULAS = ["=1+1", "+1", "-x", "@SUM(1)", "\t=1", "\r=1", "\n=1", " =1", "\u00a0-x"]
FORMULAS += ["\uff1d1+1", "\uff0b1", "\uff0dx", "\uff20SUM(1)", "\ufe62x", "\u200b=1", "\x0b=1"]


@pytest.fixture
def path(tmp_path):
    """A GCTX file of three columns and two rows."""
    rows, columns = pd.DataFrame(index=["1", "2"]), pd.DataFrame(index=["u", "v", "w"])
    write_gctx(tmp_path / "a.gctx", np.ones((3, 2)), rows, columns)
    return tmp_path / "a.gctx"


# Promises of size


@pytest.mark.fault(
    "a GCTX whose header promises a million million wells",
    "refused at once, in under 256 MiB",
)
@pytest.mark.parametrize("shape", [(10**12, 2), (3, 10**12), (10**6, 10**6)])
@pytest.mark.parametrize("chunks", [(1, 2), (2, 1)])
@pytest.mark.parametrize("packed", [None, "gzip"])
def test_a_matrix_that_is_promised_only_is_refused(path, shape, chunks, packed):
    with h5py.File(path, "a") as file:
        del file["0/DATA/0/matrix"]
        file.create_dataset("0/DATA/0/matrix", shape, "f4", chunks=chunks, compression=packed)
    refused(Gctx, path, "promises", str(shape))


@pytest.mark.parametrize("dtype", ["S20", h5py.string_dtype(), "f8"])
def test_ids_that_are_promised_only_are_refused(path, dtype):
    with h5py.File(path, "a") as file:
        del file["0/META/COL/id"]
        file.create_dataset("0/META/COL/id", (10**12,), dtype, chunks=(1000,))
    refused(Gctx, path, "promises")


@pytest.mark.fault(
    "a GCTX in chunks too large for memory",
    "refused at once",
)
def test_a_chunk_too_large_to_unpack_is_refused(path):
    with h5py.File(path, "a") as file:
        del file["0/DATA/0/matrix"]
        sizes = {"maxshape": (None, 2), "chunks": (2**28, 2), "compression": "gzip"}
        file.create_dataset("0/DATA/0/matrix", (3, 2), "f4", **sizes)
    refused(Gctx, path, "too large to unpack")


@pytest.mark.fault(
    "an HDF5 file of our own that promises as many",
    "refused at once, in under 256 MiB",
)
@pytest.mark.parametrize(("kind", "name"), [(ProfileSet, "drug"), (Completion, "profiles")])
def test_a_file_of_our_own_that_promises_is_refused(tmp_path, kind, name):
    path = tmp_path / "a.h5"
    tensor = clustered(6, 3)
    tensor.save(path) if kind is ProfileSet else Completion(tensor.profiles).save(path)
    with h5py.File(path, "a") as file:
        shape = (10**12,) * file[name].ndim
        dtype = file[name].dtype
        del file[name]
        file.create_dataset(name, shape, dtype, chunks=(10,) * len(shape))
    refused(kind.load, path, "promises", "cut short or damaged")


@pytest.mark.fault(
    "a saved network that claims a billion genes",
    "refused at once, in under 256 MiB",
)
def test_a_model_that_promises_takes_no_memory(tmp_path):
    shape = {"genes": 2, "latent": 10**9, "per_gene": False, "slope": 0.2}
    shape |= {"input_dropout": 0.1, "decoder_dropout": 0.1, "skip": True}
    genes = described("ab", ["A", "B"])
    weights = {f"encoder.hidden.{layer}.bias": np.zeros(2, np.float32) for layer in (0, 2)}
    for decoders, said in (([0, 10**9], "not numbered one by one"), ([0, 1], "no 'common.expand")):
        model = CellModel(genes, np.array(decoders), 1.0, "all", "mean_1d", shape, weights)
        model.save(tmp_path / "a.h5")
        refused(DeepCellState.load, tmp_path / "a.h5", said)
    model = replace(model, trained_on=genes, shape=shape | {"genes": 10**9})
    model.save(tmp_path / "a.h5")
    refused(DeepCellState.load, tmp_path / "a.h5", "2 genes, and a network of 1000000000")


# Bombs


@pytest.fixture
def bomb(tmp_path, monkeypatch):
    monkeypatch.setattr(incoming, "SMALL", 2**20)
    path = tmp_path / "bomb.gz"
    path.write_bytes(gzip.compress(b"inst_id\n" + b"x\n" * 2**24, mtime=0))
    return path


@pytest.mark.fault(
    "a gzip bomb as matrix or table",
    "refused once it gives over 100 times its size; nothing is left",
)
def test_a_gzip_bomb_is_refused_before_it_is_unpacked(bomb, tmp_path):
    refused(lambda path: geo.unpack(path, tmp_path / "a.gctx"), bomb, "decompress it yourself")
    refused(geo.read_wells, bomb, "times its size")
    refused(annotations.read_table, bomb, "times its size")
    assert [each.name for each in tmp_path.iterdir()] == ["bomb.gz"]


def test_what_packs_well_is_read_whole(tmp_path, monkeypatch):
    monkeypatch.setattr(incoming, "SMALL", 2**20)
    content = np.random.default_rng(0).integers(0, 4, 2**22, dtype=np.uint8).tobytes()
    (tmp_path / "a.gz").write_bytes(gzip.compress(content))
    with open_untrusted(tmp_path / "a.gz") as file:
        assert file.read() == content


@pytest.mark.fault(
    "a checkpoint that is an archive of zeros",
    "refused before it is unpacked",
)
def test_a_packed_model_is_refused(tmp_path):
    path = tmp_path / "a.pt"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a/data.pkl", bytes(2**27))
    refused(read_saved, path, "its parts are not what its directory says")


@pytest.mark.fault(
    "a table whose first line never ends",
    "refused at 8 MiB or 65,536 columns",
)
@pytest.mark.parametrize("line", [b"x\t" * 10**6, b"x" * 10**7, b"\t" * 10**7])
def test_an_endless_first_line_is_refused(tmp_path, line):
    path = tmp_path / "a.txt"
    path.write_bytes(line)
    for read in (geo.read_wells, geo.read_genes, annotations.read_table):
        refused(read, path, "line 1 has", "expected a table")


# Other files than the one that was named


@pytest.mark.fault(
    "an HDF5 file with links to, or values in, other files",
    "refused; the other file is not read",
)
def test_links_and_values_elsewhere_are_refused(path, tmp_path):
    secret = tmp_path / "secret"
    secret.write_bytes(bytes(24))
    with h5py.File(path, "r") as file:
        matrix = file["0/DATA/0/matrix"][:]
    with h5py.File(tmp_path / "other.gctx", "w") as other:
        other["x"] = matrix
    for change in (
        lambda group: group.__setitem__("matrix", h5py.ExternalLink(tmp_path / "other.gctx", "x")),
        lambda group: group.__setitem__("matrix", h5py.SoftLink("/0/META/ROW/id")),
        lambda group: group.create_dataset("matrix", (3, 2), "f4", external=[(str(secret), 0, 24)]),
        lambda group: group.create_virtual_dataset(
            "matrix", virtual_layout(tmp_path / "other.gctx")
        ),
    ):
        with h5py.File(path, "a") as file:
            del file["0/DATA/0/matrix"]
            change(file["0/DATA/0"])
        refused(Gctx, path)


def virtual_layout(path):
    layout = h5py.VirtualLayout((3, 2), "f4")
    layout[:] = h5py.VirtualSource(path, "x", (3, 2))
    return layout


# Code in data


class Harmful:
    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return Path.touch, (self.path,)


@pytest.mark.fault(
    "a pickle that runs code, plain or as PyTorch wraps it, old and new",
    "refused; nothing runs",
)
def test_a_pickle_is_not_run(tmp_path):
    for name, write in {
        "plain": lambda path: path.write_bytes(pickle.dumps(Harmful(tmp_path / "harm"))),
        "torch": lambda path: torch.save({"start": Harmful(tmp_path / "harm")}, path),
        "old": lambda path: torch.save(
            {"start": Harmful(tmp_path / "harm")}, path, _use_new_zipfile_serialization=False
        ),
    }.items():
        path = tmp_path / f"{name}.pt"
        write(path)
        refused(DeepCellState.load, path)
        refused(read_saved, path)
    assert not (tmp_path / "harm").exists()


@pytest.mark.fault(
    "our own code: pickles, `eval`, shells, unpacked archives",
    "none in library, scripts or rules",
)
def test_the_library_calls_nothing_that_runs_what_it_reads():
    """Each of these runs code from a file, unpacks an archive, or gives a text to a shell."""
    dangerous = (
        r"\b(import|from) (pickle|joblib|dill|shelve|marshal|tarfile)\b|allow_pickle|read_pickle"
        r"|\b(np|numpy)\.load\b|\byaml\.(full_|unsafe_)?load(_all)?\(|\bjoblib\."
        r"|(?<![.\w])(eval|exec|compile)\(|\.query\(\s*[^\"'(\s]"
        r"|\bos\.(system|popen)|shell=True|extractall|unpack_archive"
    )
    sources = [*(ROOT / "workflow").rglob("*.py"), *(ROOT / "workflow").rglob("*.smk")]
    assert len(sources) > 80
    for path in sources:
        text = path.read_text()
        # joblib passes work to processes of its own; what it writes to files is not read.
        harmless = r"\bnp\.load\(\w+, allow_pickle=False\)|^import joblib$"
        harmless += r"|\bjoblib\.(hash|Parallel|delayed|parallel_config)\("
        plain = re.sub(harmless, "", text, flags=re.MULTILINE)
        found = [match.group() for match in re.finditer(dangerous, plain)]
        assert not found, f"{path.relative_to(ROOT)}: {found}"
        for call in re.findall(r"torch\.load\([^)]*\)", text):
            assert "weights_only=True" in call, path
        assert not re.search(r"^\s*shell:", text, re.MULTILINE), path


# Names


@pytest.mark.fault(
    "a table with a zero byte in a name",
    "refused: pandas would cut the name short",
)
def test_a_zero_byte_is_refused(tmp_path):
    path = write_text(inst_info({}, {"pert_iname": "a\0b"}), tmp_path / "inst_info.txt")
    refused(geo.read_wells, path, "zero byte", "UTF-8")
    refused(annotations.read_table, path, "zero byte")


@pytest.mark.fault(
    "a name with a control character",
    "refused, with its column",
)
@pytest.mark.parametrize("character", ["\x07", "\x1b", "\x7f"])
def test_a_control_character_in_a_name_is_refused(tmp_path, character):
    path = write_text(inst_info({}, {"pert_iname": f"a{character}b"}), tmp_path / "inst_info.txt")
    refused(geo.read_wells, path, "column pert_iname", "control character")


def test_formulas_are_guarded_in_tables_for_people():
    table = pd.DataFrame(
        {"name": [*FORMULAS, "a=1"], "x": -1.5, "=y": ["-1", *[None] * len(FORMULAS)]}
    )
    guarded = guard_formulas(table)
    assert list(guarded["name"]) == [*(f"'{text}" for text in FORMULAS), "a=1"]
    assert list(guarded["x"]) == [-1.5] * (len(FORMULAS) + 1)
    assert list(guarded["'=y"][:2]) == ["'-1", None]
    as_categories = guard_formulas(table.astype({"name": "category"}))
    assert list(as_categories["name"]) == list(guarded["name"])
    assert list(table["name"])[:-1] == FORMULAS


@pytest.mark.fault(
    "names that begin as formulas of a spreadsheet: `=`, `+`, `-`, `@`, also of full width, and "
    "behind blanks, ends of lines or signs without a width",
    "an apostrophe in the tables beside figures; tables that others are joined with keep the name",
)
def test_formulas_are_guarded_in_figures_tables_and_nowhere_else(tmp_path):
    table = pd.DataFrame({"drug": ["=1+1", "-1"], "cells": [-1, 2]})
    save_figure(None, table, [tmp_path / "a.tsv"])
    write_table(table, tmp_path / "b.tsv")
    assert (tmp_path / "a.tsv").read_text() == "drug\tcells\n'=1+1\t-1\n'-1\t2\n"
    pd.testing.assert_frame_equal(read_table(tmp_path / "b.tsv"), table)


@pytest.mark.fault(
    "names that hold HTML",
    "text on every page",
)
def test_markup_in_names_is_text_on_pages(tmp_path):
    table = pd.DataFrame({MARKUP: [MARKUP]})
    write_page(tmp_path / "a.html", MARKUP, [MARKUP], [(MARKUP, table)])
    page = (tmp_path / "a.html").read_text()
    assert page.count("<script") == 1  # its own
    assert page.count("&lt;script&gt;") == 7


@pytest.mark.parametrize("name", ["$\\foo$", "$x$ and $", MARKUP, "\\$"])
def test_dollars_in_names_are_drawn_as_they_are(tmp_path, name):
    table = pd.DataFrame(
        {
            **{"drug": "d", "name": name, "cell": name, "gene": ["a", "b"], "panel": "measured"},
            **{"value": [0.1, 0.2], "correlation": 1.0, "specificity": 0.5},
        }
    )
    save_figure(heatmaps.draw(table, "test"), table, [tmp_path / "a.svg"])
    assert "<script" not in (tmp_path / "a.svg").read_text()
