"""Real data are one command away: gathered, checked; what is lacking is said with the reason."""

import shutil
from pathlib import Path

import pytest
import yaml
from misbehaving import Misbehaving
from shelf import sha256

from lacuna.io import download as downloads
from lacuna.io.sources import SMALL_DATA, Source, Wanted, read_sources
from lacuna.project import small_data
from lacuna.project.small_data import CONFIGURATIONS, gather, needed, told

ROOT = Path(__file__).parents[3]
FILES = {
    "held.gctx": b"held",
    "served.tsv": b"served",
    "altered.txt": b"altered",
    "gone.txt": b"gone",
    "lost.gz": b"lost",
}


@pytest.fixture
def server(monkeypatch):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr(downloads, "FIRST_WAIT", 0.001)
    with Misbehaving(
        {file: FILES[file] for file in ("served.tsv", "gone.txt")}
    ).serving() as server:
        yield server


@pytest.fixture
def sources(server):
    def source(file):
        url = server.url(file) if file in ("served.tsv", "gone.txt") else None
        size = len(FILES[file])
        return Source(file, url, size, sha256(FILES[file]), "CC0", f"the maker of {file}")

    return {file: source(file) for file in FILES}


@pytest.fixture
def shared(tmp_path):
    """A folder of data, as ../shared/data is; one of its files is not what it should be."""
    folder = tmp_path / "shared/data"
    for file, content in (("one/deep/held.gctx", b"held"), ("two/altered.txt", b"Altered")):
        (folder / file).parent.mkdir(parents=True)
        (folder / file).write_bytes(content)
    return folder


def wanted(*files):
    return [Wanted("mine", "one", file) for file in files]


def run(tmp_path, sources, shared, *files):
    table = tmp_path / "recorded.tsv"
    found = gather(wanted(*files), tmp_path / "got", sources, table, shared, progress=False)
    assert [one.file for one in found] == list(files)
    assert all(bool(one.came) != bool(one.why) for one in found)
    return found


@pytest.mark.fault(
    "data of which some are at hand, some to download, some damaged, gone or without address",
    "what can be had is there and checked; the others are named with the reason",
)
def test_what_can_be_had_is_had_and_the_rest_is_explained(tmp_path, server, sources, shared):
    server.script = ["serve", 404]
    held, served, altered, gone, lost = run(tmp_path, sources, shared, *FILES)
    got = tmp_path / "got"
    assert {path.name for path in got.iterdir()} == {"held.gctx", "served.tsv"}
    assert (got / "held.gctx").readlink() == shared / "one/deep/held.gctx"
    assert held.came == f"a link to {shared / 'one/deep/held.gctx'}"
    assert (got / "served.tsv").read_bytes() == b"served"
    assert served.came == f"downloaded from {server.url('served.tsv')}"
    assert sha256(b"Altered") in altered.why and sha256(b"altered") in altered.why
    assert "404" in gone.why
    assert lost.why == "no address is known: the maker of lost.gz"


def test_a_second_time_nothing_comes_again(tmp_path, server, sources, shared):
    run(tmp_path, sources, shared, "held.gctx", "served.tsv")
    server.requests.clear()
    held, served = run(tmp_path, sources, shared, "held.gctx", "served.tsv")
    assert (held.came[:6], served.came) == ("a link", "was there")
    assert server.requests == []
    (tmp_path / "got/served.tsv").write_bytes(b"Served")  # damaged since
    (damaged,) = run(tmp_path, sources, shared, "served.tsv")
    assert "is not the expected file" in damaged.why


def test_without_shared_data_all_comes_from_addresses(tmp_path, server, sources):
    served, held = run(tmp_path, sources, tmp_path / "nowhere", "served.tsv", "held.gctx")
    assert served.came.startswith("downloaded from") and held.why.startswith("no address is known")


def test_what_to_run_and_what_it_lacks_is_said(tmp_path, sources, shared):
    files = {"first": wanted("held.gctx"), "second": wanted("held.gctx", "lost.gz")}
    found = run(tmp_path, sources, shared, "held.gctx", "lost.gz")
    said = told(found, files, Path("small-data")).splitlines()
    assert said[0] == "1 of 2 files are in small-data, checked:"
    assert said[2:4] == [
        "1 could not be had:",
        "  lost.gz: no address is known: the maker of lost.gz",
    ]
    assert said[-2] == "  first: snakemake --cores 2 --configfile config/first.yaml"
    assert said[-1] == "  second: not yet: it lacks lost.gz"


# The shipped configurations


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A folder with the shipped configurations, whose files have no address."""
    shutil.copytree(ROOT / "config", tmp_path / "config")
    (tmp_path / "resources").mkdir()
    table = (ROOT / "resources/sources.tsv").read_text().splitlines()
    rows = [line.split("\t") for line in table]
    unserved = ["\t".join((row[0], "url" if row[0] == "file" else "", *row[2:])) for row in rows]
    (tmp_path / "resources/sources.tsv").write_text("\n".join(unserved) + "\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_shipped_configurations_look_into_the_folder(request):
    sources = read_sources(ROOT / "resources/sources.tsv")
    configs = {
        name: yaml.safe_load((ROOT / f"config/{name}.yaml").read_text()) for name in CONFIGURATIONS
    }
    for name, files in needed(configs).items():
        assert configs[name]["acquire"]["mirror"][0] == SMALL_DATA
        assert {one.file for one in files} <= set(sources)
        assert {one.dataset for one in files} == {name}
        for one in files:  # of what has no address, the table says so
            if not sources[one.file].url:
                assert sources[one.file].sha256, one.file


def test_real_data_are_gathered(project, shared_data, monkeypatch, capsys):
    monkeypatch.setattr(small_data, "SHARED", shared_data)
    assert small_data.main() == 0
    said = capsys.readouterr().out
    assert "could not be had" not in said and "not yet" not in said
    matrix = project / SMALL_DATA / "MINI_Broad_LINCS_Level3_INF_mlr12k_n1429x978.gctx.gz"
    assert matrix.resolve().parent == (shared_data / "lincs-mini").resolve()


def test_a_stranger_is_told_what_is_lacking(project, monkeypatch, capsys):
    monkeypatch.setattr(small_data, "SHARED", project / "nowhere")
    assert small_data.main() == 1
    said = capsys.readouterr().out
    assert "TAHOE24_Level5_ranks_n2492x978.gctx: no address is known: Ranks of 110 drugs" in said
    assert said.count("not yet: it lacks") == len(CONFIGURATIONS)
