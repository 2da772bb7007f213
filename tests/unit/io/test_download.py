"""Which addresses are taken, and what must fit on the disk before a download begins."""

import gzip
from collections import namedtuple
from dataclasses import replace

import pytest
from shelf import CONTENT, FILE, wanted

from lacuna.errors import LacunaError
from lacuna.io import room
from lacuna.io.asking import check_address
from lacuna.io.geo import unpack
from lacuna.io.room import check_room, unpacked_size
from lacuna.io.sources import Source, acquire, read_sources

MATRIX = "GSE92742_Broad_LINCS_Level3_INF_mlr12k_n1319138x12328.gctx.gz"
HEADER = "file\turl\tbytes\tsha256\tlicence\torigin\n"
Usage = namedtuple("Usage", "total used free")


@pytest.mark.parametrize(
    "url",
    [
        "https://ftp.ncbi.nlm.nih.gov/geo/a.gz",
        "http://127.0.0.1:8000/a.gz",
        "http://127.0.0.2/a.gz",
        "http://localhost/a.gz",
        "HTTP://[::1]:80/a.gz",
    ],
)
def test_https_and_this_machine_are_taken(url):
    check_address(url, "here")


@pytest.mark.fault("a source with an address of plain http", "refused by name; this machine passes")
@pytest.mark.parametrize(
    "url",
    [
        "http://ftp.ncbi.nlm.nih.gov/geo/a.gz",
        "http://127.0.0.1.evil.org/a.gz",
        "http://localhost@evil.org/a.gz",
        "http://localhost.evil.org/a.gz",
        "HTTP://10.0.0.1/a.gz",
        "http:///a.gz",
    ],
)
def test_plain_http_elsewhere_is_refused(tmp_path, url):
    (tmp_path / "sources.tsv").write_text(f"{HEADER}a.gz\t{url}\t\t\tCC0\there\n")
    with pytest.raises(LacunaError, match=r"file a\.gz, column url: .*plain http"):
        read_sources(tmp_path / "sources.tsv")


def test_a_server_that_sends_on_to_plain_http_is_refused(server, source, place):
    server.script = [("redirect", "http://127.0.0.1.elsewhere.invalid/x"), "serve"]
    with pytest.raises(LacunaError, match="plain http"):
        place.acquire(source)
    place.assert_nothing_left()
    server.script = [("redirect", server.url(FILE)), "serve"]
    place.acquire(source)
    place.assert_complete()


@pytest.mark.parametrize(
    ("name", "size"),
    [
        (MATRIX, 1319138 * 12328 * 4),
        ("GSE70138_Broad_LINCS_Level3_INF_mlr12k_n345976x12328_2017-03-06.gctx.gz", 17060768512),
        ("MINI_n1429x978.gctx", 0),  # not packed
        ("plates.gctx.gz", 0),
        ("GSE92742_Broad_LINCS_inst_info.txt.gz", 0),
    ],
)
def test_the_name_of_a_matrix_says_what_comes_out_of_it(name, size):
    assert unpacked_size(name, 49 * 10**9) == size
    assert unpacked_size(name, 1000) == min(size, 4000)  # a part that goes by the whole's name


@pytest.mark.fault(
    "too little room for a matrix and what is unpacked from it",
    "said with the numbers before a byte is kept",
)
def test_a_matrix_that_does_not_fit_is_refused_before_it_comes(server, place, monkeypatch):
    server.files[MATRIX] = CONTENT
    source = Source(MATRIX, server.url(MATRIX), None, None, "CC0", "here")
    monkeypatch.setattr(room, "MOST_OUT", 10**9)  # as if the packed file were as large as it is
    need = len(CONTENT) + 1319138 * 12328 * 4

    def get(free):
        monkeypatch.setattr(room.shutil, "disk_usage", lambda path: Usage(0, 0, free))
        acquire(
            wanted(MATRIX), place.destination, {MATRIX: source}, place.recorded, [], progress=False
        )

    with pytest.raises(LacunaError, match=r"needs 0.00 GB for the file and 65.05 GB .* 65.05 GB"):
        get(need - 1)
    place.assert_nothing_left()
    get(need)
    assert place.destination.read_bytes() == CONTENT


def test_what_is_here_already_needs_no_room_again(server, source, place, monkeypatch):
    place.begin(server, source, 200_000)
    monkeypatch.setattr(room.shutil, "disk_usage", lambda path: Usage(0, 0, 100_000))
    place.acquire(replace(source, bytes=None))
    place.assert_complete()


def test_a_mirrors_matrix_is_not_unpacked_where_it_does_not_fit(tmp_path, monkeypatch):
    (tmp_path / MATRIX).write_bytes(gzip.compress(b"x"))
    monkeypatch.setattr(room, "MOST_OUT", 10**10)
    monkeypatch.setattr(room.shutil, "disk_usage", lambda path: Usage(0, 0, 10**9))
    with pytest.raises(LacunaError, match=r"65.05 GB for what is unpacked .* 1.00 GB free"):
        unpack(tmp_path / MATRIX, tmp_path / "new" / "level3.gctx")
    assert not (tmp_path / "new").exists()


def test_room_is_looked_for_where_the_folder_will_be(tmp_path):
    check_room(tmp_path / "a" / "b", FILE, 1, 1)
