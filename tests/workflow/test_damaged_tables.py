"""Tables between two steps that are damaged: named, set aside, made anew; nothing else changes."""

import ast
import os
import re
import runpy
from pathlib import Path
from types import SimpleNamespace

import pytest
from damage import cut_short, empty, flip_a_byte
from project import NO_SPLITS, ROOT, TINY, Project
from snakemake.iocontainers import Namedlist

from lacuna.io.known_sums import sum_of
from lacuna.io.sums import Sums

CONFIG = {
    "acquire": {"simulator": {"drugs": 30, "cells": 4, "mechanisms": 5}},
    "signatures": {"null_draws": 1000},
    "tensor": TINY["tensor"],
    "completion": {"methods": ["mean_1d", "kernel"], "controls": [], "completed": ["kernel"]},
    "evaluation": {
        "folds_per_job": 3,
        "splits": {"profiles": {"folds": 3}, **NO_SPLITS},
        "density": {"percents": []},
    },
    "classification": {"completed": []},
}
RESULTS = "results/demo"
PRODUCT = f"{RESULTS}/completed/kernel.gctx"
TARGETS = [
    *(PRODUCT, f"{RESULTS}/metrics.tsv", f"{RESULTS}/evaluation/where.tsv"),
    f"{RESULTS}/evaluation/large/profiles/without_similar.tsv",
    f"{RESULTS}/evaluation/pages/methods.html",
    f"{RESULTS}/tensor/figures/cell_specificity.svg",
    f"{RESULTS}/report/pages/filters.html",
]
SCRIPTS = ROOT / "workflow/scripts"


def last_line_lost(data):
    return data[: data.rstrip(b"\n").rfind(b"\n") + 1]


def another_digit(data):
    found = [*re.finditer(rb"\d", data)]
    at = found[len(found) // 2].start() if found else 0
    return data[:at] + (b"%d" % ((data[at] + 3) % 10)) + data[at + 1 :]


def zeros(data):
    """As after a power cut, where the size came to the disk and the content did not."""
    return cut_short(data) + bytes(len(data) - len(data) // 2)


def two_thirds(data):
    return data[: 2 * len(data) // 3]


DAMAGES = [cut_short, last_line_lost, two_thirds, another_digit, flip_a_byte, zeros, empty]


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    project = Project(tmp_path_factory.mktemp("finished"))
    make(project)
    return project


@pytest.fixture
def project(finished, tmp_path):
    """The finished run, in a folder of its own."""
    return Project.copy(finished, tmp_path / "project")


def make(project, *more, fails=False):
    options = ["--cores", "2", *project.configure(CONFIG), *more, "--", *TARGETS]
    return project.run(*options, fails=fails)


def content(project):
    """Return all that was made: tables, HDF5, products, figures, pages."""
    results = project.folder / RESULTS
    left_out = {"benchmarks", "logs"}
    return {
        str(path): (results / path).read_bytes()
        for path in sorted(path.relative_to(results) for path in results.rglob("*.*"))
        if path.parts[0] not in left_out and (results / path).is_file()
    }


def damage(path, how):
    """Damage a file, and let its time of modification be what it was."""
    before = path.stat()
    path.write_bytes(how(path.read_bytes()))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def tables_read():
    """Return each script of the run with each table between two steps that it reads."""
    read = {}
    for manifest in Sums.read(Path(RESULTS, "sums")).manifests:
        for path in manifest.inputs:
            if path.startswith(RESULTS) and path.endswith(".tsv"):
                read.setdefault((manifest.script, path), manifest)
    return read


def run_script(manifest):
    """Run the script of a job, as Snakemake does; return its log. It reads nothing."""
    name = str(manifest.path).split("/sums/")[1].removesuffix(".tsv")
    log = f"{RESULTS}/logs/{name}.log"
    outputs = {f"output_{number}": path for number, path in enumerate(manifest.outputs)}
    snakemake = SimpleNamespace(
        input=Namedlist(toclone=list(manifest.inputs)),
        output=Namedlist(fromdict=outputs | {"sums": str(manifest.path)}),
        params=Namedlist(),
        log=[log],
    )
    with pytest.raises(SystemExit) as ended:
        runpy.run_path(SCRIPTS / f"{manifest.script}.py", {"snakemake": snakemake}, "__main__")
    assert ended.value.code == 1
    return Path(log).read_text()


@pytest.mark.fault(
    "any table that any script reads damaged in seven ways, its time of modification kept: half, "
    "last line lost, cut, another digit, a bit flipped, zeros at its end, empty",
    "the script names it with both sums, sets it aside, and reads and writes nothing",
)
def test_every_script_refuses_every_damaged_table(project, monkeypatch):
    monkeypatch.chdir(project.folder)
    cases = tables_read()
    assert len(cases) >= 13
    before = content(project)
    for (script, table), manifest in cases.items():
        path = Path(table)
        good, expected = path.read_bytes(), sum_of(path)
        for how in DAMAGES:
            damage(path, how)
            found = sum_of(path)
            said = run_script(manifest)
            assert f"Error: {table}: is not what was written" in said, (script, how.__name__)
            assert str(found) in said and str(expected) in said
            assert "Run again: the workflow makes it anew" in said
            aside = path.with_name(f"{path.name}.damaged")
            assert not path.exists()
            aside.unlink()
            path.write_bytes(good)
    assert content(project) == before


def test_every_script_works_within_its_job():
    for path in sorted(SCRIPTS.rglob("*.py")):
        (*before, work) = ast.parse(path.read_text()).body
        assert all(
            isinstance(node, (ast.Expr, ast.Import, ast.ImportFrom, ast.Assign, ast.FunctionDef))
            for node in before
        ), path
        assert ast.unparse(work).startswith("with job(snakemake)"), path
        assert not any(
            isinstance(node, ast.Name) and node.id == "snakemake"
            for statement in before
            for node in ast.walk(statement)
        ), path


@pytest.mark.fault(
    "the structure of one drug altered in tensor/drugs.tsv, its time of modification kept, and a "
    "product lost that rests on it",
    "no product of altered structures: named and set aside, made anew by the next run; all files "
    "byte-identical",
)
def test_an_altered_structure(project):
    before = content(project)
    path = project.folder / f"{RESULTS}/tensor/drugs.tsv"
    written = sum_of(path)

    def other_structure(data):
        head, first, *more = data.split(b"\n")
        smiles = head.split(b"\t").index(b"smiles")
        cells = first.split(b"\t")
        cells[smiles] += b"C"
        return b"\n".join([head, b"\t".join(cells), *more])

    damage(path, other_structure)
    altered = sum_of(path)
    (project.folder / PRODUCT).unlink()
    printed = make(project, fails=True)
    assert "Traceback" not in printed
    said = printed[printed.index("Error: ") :]
    assert f"{RESULTS}/tensor/drugs.tsv: is not what was written" in said
    assert str(altered) in said and str(written) in said
    assert path.with_name("drugs.tsv.damaged").is_file()
    assert not (project.folder / PRODUCT).exists()
    make(project)
    assert content(project) == before


@pytest.mark.fault(
    "the list of checksums of a job damaged",
    "what it lists is set aside by the first script that reads it, and made anew with its list",
)
def test_a_damaged_manifest(project, monkeypatch):
    monkeypatch.chdir(project.folder)
    cases = tables_read()
    path = f"{RESULTS}/sums/build_tensor.tsv"
    damage(Path(path), cut_short)
    manifest = cases["completion/complete_tensor", f"{RESULTS}/tensor/drugs.tsv"]
    said = run_script(manifest)
    assert f"nobody knows whether it is whole, as {path} is damaged" in said
    assert Path(f"{RESULTS}/tensor/large.h5.damaged").exists()
