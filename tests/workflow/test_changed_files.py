"""Files of the user's that change under a finished run: what counts is what they hold."""

import gzip
import os
import re
import shutil

import pandas as pd
import pytest
from misbehaving import Misbehaving
from project import TINY, Project, overlay

from lacuna.io.known_sums import sum_of
from lacuna.simulation import parameters
from lacuna.simulation.write import simulate

MATRIX, GENES = parameters.FILES["level3"], parameters.FILES["gene_info"]
RESULTS = "results/own"
TARGETS = [f"{RESULTS}/signatures/own/{file}" for file in ("signatures.h5", "wells.tsv")]
RECORDED = "resources/recorded_checksums.tsv"
YEAR_2031, YEAR_1999 = 1_925_000_000, 920_000_000


@pytest.fixture(scope="module")
def plates(tmp_path_factory):
    folder = tmp_path_factory.mktemp("plates")
    simulate(folder, generator="clustered", drugs=20, cells=3, mechanisms=4, seed=3)
    assert (folder / MATRIX).stat().st_size > 1_000_000  # more than Snakemake hashes by itself
    return folder


@pytest.fixture(scope="module")
def finished(plates, tmp_path_factory):
    project = Project(tmp_path_factory.mktemp("finished") / "project")
    shutil.copytree(plates, project.folder / "mirror")
    make(project)
    return project


@pytest.fixture(scope="module")
def fresh(plates, tmp_path_factory):
    """A run of the same plates but for two genes."""
    project = Project(tmp_path_factory.mktemp("fresh") / "project")
    mirror = shutil.copytree(plates, project.folder / "mirror")
    (mirror / GENES).write_bytes(two_genes_swapped(mirror / GENES))
    make(project)
    return project


@pytest.fixture
def project(finished, tmp_path):
    """The finished run, with a mirror of its own."""
    return Project.copy(finished, tmp_path / "project")


def own(**acquire):
    files = {"source": "files", "mirror": "mirror", "series": {"own": dict(parameters.FILES)}}
    files["sources"] = "resources/sources.tsv"
    return {
        "dataset": "own",
        "acquire": overlay(files, acquire),
        "signatures": {"null_draws": 1000},
        "tensor": TINY["tensor"],
        "classification": {"completed": []},
    }


def make(project, *more, fails=False, config=None):
    options = ["--cores", "2", *project.configure(config or own()), *more, "--", *TARGETS]
    return project.run(*options, fails=fails)


def content(project):
    return {path: (project.folder / path).read_bytes() for path in TARGETS}


def jobs(printed):
    return {*re.findall(r"^(?:local)?rule (\w+):", printed, flags=re.MULTILINE)}


def put(path, data, *, keep_time):
    """Put another file in place of one, as `rsync -t` and `cp -p` do; return the sums of both."""
    before, stat = sum_of(path), path.stat()
    new = path.with_name("new")
    new.write_bytes(data)
    if keep_time:
        os.utime(new, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    new.replace(path)
    return before, sum_of(path)


def two_genes_swapped(path):
    """Two gene ids in each other's place, in a file of the same size, if not packed."""
    head, first, second, *more = gzip.decompress(path.read_bytes()).split(b"\n")
    one, *its = first.split(b"\t")
    other, *others = second.split(b"\t")
    lines = [head, b"\t".join([other, *its]), b"\t".join([one, *others]), *more]
    return gzip.compress(b"\n".join(lines))


def pin(project, path):
    """Write the checksum of a file of the user's into the table of sources."""
    table = project.folder / "resources/sources.tsv"
    its = sum_of(path)
    with table.open("a") as sources:
        sources.write(f"{path.name}\t\t{its.bytes}\t{its.sha256}\tCC0\tus\n")


def forget(project, file):
    """Remove a row of the recorded checksums, as a message says to do."""
    table = project.folder / RECORDED
    rows = table.read_text().splitlines(keepends=True)
    assert sum(f"\t{file}\t" in row for row in rows) == 1
    table.write_text("".join(row for row in rows if f"\t{file}\t" not in row))


@pytest.mark.fault(
    "a mirror file replaced by another one after the run has finished; also with its time of "
    "modification kept, and with its SHA-256 pinned in the table of sources",
    "refused with both checksums before any job, by every further run and dry run; with the right "
    "file put back there is nothing to be done",
)
@pytest.mark.parametrize(("pinned", "keep_time"), [(True, True), (False, False)])
def test_an_altered_mirror_file(project, pinned, keep_time):
    path = project.folder / "mirror" / GENES
    right = path.read_bytes()
    if pinned:
        pin(project, path)
        forget(project, GENES)
    before = content(project)
    expected, found = put(path, two_genes_swapped(path), keep_time=keep_time)
    for more in ([], ["--dry-run"]):
        printed = make(project, *more, fails=True)
        assert "Traceback" not in printed
        assert not jobs(printed)
        assert found.sha256 in printed and expected.sha256 in printed
        assert f"is not the expected file: sha256 is {found.sha256}" in printed
        assert content(project) == before
    put(path, right, keep_time=False)
    assert "Nothing to be done" in make(project)
    assert content(project) == before


@pytest.mark.fault(
    "a mirror file replaced on purpose, its time of modification kept, and its recorded checksum "
    "removed",
    "acquired anew, with all that rests on it: as a fresh run makes it",
)
@pytest.mark.fault(
    "the same, and the run ends when the file has been acquired",
    "the next run makes the rest anew",
)
@pytest.mark.parametrize("stopped", [False, True])
def test_a_mirror_file_that_the_user_replaced(project, fresh, stopped):
    path = project.folder / "mirror" / GENES
    before = content(project)
    _, found = put(path, two_genes_swapped(path), keep_time=True)
    forget(project, GENES)
    if stopped:
        acquired = f"{RESULTS}/acquire/own/{GENES}"
        options = ["--cores", "2", *project.configure(own()), "--", acquired]
        assert jobs(project.run(*options)) == {"acquire_file"}
    printed = make(project)
    assert "make_signatures" in jobs(printed)
    if not stopped:
        assert f"Notice: '{GENES}' of own (own) is another file now" in printed
    recorded = pd.read_csv(project.folder / RECORDED, sep="\t").set_index("file")
    assert recorded.loc[GENES, "sha256"] == found.sha256
    assert "Nothing to be done" in make(project)
    assert content(project) == content(fresh) != before


@pytest.mark.fault(
    "mirror files copied anew, dated 1999 or 2031, the same in content",
    "there is nothing to be done",
)
@pytest.mark.parametrize("year", [YEAR_1999, YEAR_2031])
def test_another_time_of_the_same_content(project, year):
    for path in (project.folder / "mirror").iterdir():
        put(path, path.read_bytes(), keep_time=False)
        os.utime(path, (year, year))
    assert "Nothing to be done" in make(project)


@pytest.mark.fault(
    "a file that was downloaded altered below results, its time of modification kept",
    "downloaded again, and what rests on it made anew; tables byte-identical",
)
def test_an_altered_download(project, finished, tmp_path, monkeypatch):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    mirror = project.folder / "mirror"
    served = {GENES: (mirror / GENES).read_bytes()}
    (mirror / GENES).unlink()
    with Misbehaving(served).serving() as server:
        own_url = own(series={"own": parameters.FILES | {"gene_info": {"url": server.url(GENES)}}})
        make(project, config=own_url)
        assert content(project) == content(finished)
        path = project.folder / f"{RESULTS}/acquire/own/{GENES}"
        assert not path.is_symlink()
        server.requests.clear()
        put(path, two_genes_swapped(path), keep_time=True)
        printed = make(project, config=own_url)
        assert f"{GENES} is not what was downloaded" in printed
        assert len(server.requests) == 1
        assert path.read_bytes() == served[GENES]
        assert content(project) == content(finished)
        assert "Nothing to be done" in make(project, config=own_url)
