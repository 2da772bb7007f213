"""Dataset files, from a mirror or from a server that misbehaves."""

import multiprocessing
from dataclasses import replace
from pathlib import Path

import pytest
from shelf import CONTENT, FILE, sha256, wanted

from lacuna.errors import LacunaError
from lacuna.io import asking
from lacuna.io import download as module
from lacuna.io.sources import Source, acquire, read_sources

SHIPPED = Path(__file__).parents[3] / "resources" / "sources.tsv"


# Downloads


def test_a_file_is_downloaded_whole(server, source, place):
    place.acquire(source)
    place.assert_complete()
    assert server.ranges == [None]
    assert not place.recorded.exists()  # its checksum was known


def test_the_progress_bar_counts_the_bytes(server, source, place, monkeypatch, capsys):
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    place.acquire(source, progress=True)
    shown = capsys.readouterr().err
    assert FILE in shown and "300k/300k" in shown


@pytest.mark.fault(
    "a server that closes the connection in the middle of a download",
    "the same run asks for the rest alone",
)
def test_a_cut_download_resumes_where_it_stopped(server, source, place):
    server.script = [("cut", 100_000), "serve"]
    place.acquire(source)
    place.assert_complete()
    assert server.ranges == [None, "bytes=100000-"]
    assert sum(request["sent"] for request in server.requests) == len(CONTENT)


def test_a_cut_chunked_download_is_noticed(server, source, place):
    server.chunked = True
    server.script = [("cut", 100_000), "serve"]
    place.acquire(source)
    place.assert_complete()
    assert len(server.requests) == 2


@pytest.mark.fault(
    "a download that falls silent",
    "given up after a minute (in the test: 0.2 s), then resumed where it was",
)
def test_a_stalled_download_resumes(server, source, place, monkeypatch):
    monkeypatch.setattr(asking, "TIMEOUT", (1, 0.2))
    monkeypatch.setattr(asking, "PIECE", 10_000)
    server.script = [("stall", 100_000), "serve"]
    place.acquire(source)
    place.assert_complete()
    assert server.ranges == [None, "bytes=100000-"]


@pytest.mark.fault(
    "a server that is gone in the middle of a download",
    "what came is kept; the next run asks for the rest",
)
def test_a_later_call_resumes_what_an_earlier_one_left(server, source, place):
    server.script = [("cut", 100_000), 503]
    with pytest.raises(LacunaError, match="100000 bytes that are here are kept"):
        place.acquire(source, attempts=2)
    assert not place.destination.exists()
    server.script = ["serve"]
    place.acquire(source)
    place.assert_complete()
    assert server.ranges[-1] == "bytes=100000-"


def test_a_server_that_ignores_range_is_asked_for_all(server, source, place):
    server.ranged = False
    server.script = [("cut", 100_000), "serve"]
    place.acquire(source)
    place.assert_complete()
    assert [request["sent"] for request in server.requests] == [100_000, len(CONTENT)]


@pytest.mark.fault(
    "a server that cuts every download and cannot resume",
    "given up when attempts bring nothing new",
)
def test_a_server_that_cuts_and_ignores_range_does_not_go_on_for_ever(server, source, place):
    server.ranged = False
    server.script = [("cut", 100_000)]
    with pytest.raises(LacunaError, match="3 attempts brought nothing new"):
        place.acquire(source, attempts=3)
    assert len(server.requests) == 1 + 3  # the first did bring something


def test_a_range_that_begins_elsewhere_is_not_appended(server, source, place):
    place.begin(server, source, 100_000)
    server.shift = 1000
    place.acquire(source)
    place.assert_complete()
    assert server.ranges == ["bytes=100000-", None]


def test_attempts_that_bring_something_are_not_counted(server, source, place):
    server.script = [("cut", 30_000)]
    place.acquire(source, attempts=1)
    place.assert_complete()
    assert len(server.requests) == 10


def test_of_a_complete_part_the_last_byte_alone_is_asked_for_again(server, source, place):
    place.begin(server, source, 100_000)
    place.part.write_bytes(CONTENT)
    place.acquire(source)
    place.assert_complete()
    assert [request["sent"] for request in server.requests] == [1]


def test_a_part_longer_than_the_file_is_thrown_away(server, source, place):
    place.begin(server, source, 100_000)
    place.part.write_bytes(CONTENT + b"more")
    place.acquire(source)
    place.assert_complete()
    assert server.ranges == [None]


@pytest.mark.fault(
    "a server that answers 503 and 429",
    "asked again after growing waits",
)
def test_a_busy_server_is_asked_again_after_growing_waits(server, source, place, monkeypatch):
    waits = []
    monkeypatch.setattr(module.time, "sleep", waits.append)
    server.script = [503, 429, 503, "serve"]
    place.acquire(source)
    place.assert_complete()
    assert waits == [0.002, 0.004, 0.008]


def test_an_unreachable_server_is_given_up_with_what_to_do(server, source, place):
    server.script = [503]
    with pytest.raises(LacunaError) as error:
        place.acquire(source, attempts=3)
    assert len(server.requests) == 3
    for said in (FILE, server.url(FILE), "3 attempts", "503", "`mirror:`"):
        assert said in str(error.value)


def test_a_refused_connection_is_given_up(source, place):
    nowhere = replace(source, url="http://127.0.0.1:9/")
    with pytest.raises(LacunaError, match="2 attempts"):
        place.acquire(nowhere, attempts=2)


def test_a_missing_file_is_an_error_at_once(server, source, place):
    server.script = [404]
    with pytest.raises(LacunaError) as error:
        place.acquire(source)
    assert len(server.requests) == 1
    for said in (FILE, server.url(FILE), "404", "sources.tsv"):
        assert said in str(error.value)


def test_an_address_that_is_none_is_an_error_at_once(source, place):
    with pytest.raises(LacunaError, match=f"{FILE}.*ftq://there"):
        place.acquire(replace(source, url="ftq://there"))


# Verification


def test_a_wrong_size_is_refused(server, source, place):
    with pytest.raises(LacunaError) as error:
        place.acquire(replace(source, bytes=299_999))
    for said in (FILE, "299999", "300000", "sources.tsv"):
        assert said in str(error.value)
    place.assert_nothing_left()


@pytest.mark.fault(
    "a download with other bytes than it should have",
    "refused with both checksums, nothing kept; the next run begins afresh",
)
def test_a_wrong_checksum_is_refused_and_the_next_call_begins_afresh(server, source, place):
    server.files[FILE] = b"x" * len(CONTENT)
    with pytest.raises(LacunaError) as error:
        place.acquire(source)
    for said in (FILE, sha256(CONTENT), sha256(server.files[FILE]), "sources.tsv", "run again"):
        assert said in str(error.value)
    place.assert_nothing_left()
    server.files[FILE] = CONTENT
    place.acquire(source)
    place.assert_complete()
    assert server.ranges == [None, None]


def test_an_unknown_checksum_is_recorded_and_then_expected(server, source, place):
    unknown = replace(source, bytes=None, sha256=None)
    place.acquire(unknown)
    row = {
        **{"dataset": "mine", "series": "plates", "file": FILE},
        "bytes": "300000",
        "sha256": sha256(CONTENT),
        "came_from": server.url(FILE),
    }
    assert place.rows() == [row]
    place.acquire(unknown)
    place.destination.unlink()

    server.files[FILE] = CONTENT[:-1] + bytes([CONTENT[-1] ^ 1])
    with pytest.raises(LacunaError) as error:
        place.acquire(unknown)
    for said in (sha256(CONTENT), sha256(server.files[FILE]), str(place.recorded)):
        assert said in str(error.value)
    server.files[FILE] = CONTENT[:-1]
    with pytest.raises(LacunaError, match=f"bytes is 299999, but {place.recorded} says 300000"):
        place.acquire(unknown)
    place.assert_nothing_left()
    assert place.rows() == [row]


def test_a_damaged_record_does_not_cost_the_download(server, source, place):
    place.recorded.parent.mkdir()
    place.recorded.write_text("file\tsha256\n")
    with pytest.raises(
        LacunaError, match=r"recorded\.tsv: missing column\(s\) dataset, series, bytes, came_from"
    ):
        place.acquire(replace(source, sha256=None))
    assert place.part.read_bytes() == CONTENT


def record_many(recorded: Path, mirror: Path, job: int, start) -> None:
    start.wait()
    for number in range(10):
        # Each job brings files of its own, and one that all of them bring.
        for file in (f"{job}-{number}", "shared"):
            destination = recorded.parent / f"got-{job}-{file}"
            acquire(wanted(file), destination, {}, recorded, [mirror], progress=False)


def test_parallel_jobs_record_every_file_once(place):
    jobs, numbers = range(4), range(10)
    names = {f"{job}-{number}" for job in jobs for number in numbers} | {"shared"}
    place.mirror.mkdir()
    for name in names:
        (place.mirror / name).write_text(name)
    fork = multiprocessing.get_context("fork")
    start = fork.Barrier(len(jobs))
    arguments = [(place.recorded, place.mirror, job, start) for job in jobs]
    processes = [fork.Process(target=record_many, args=each) for each in arguments]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert [process.exitcode for process in processes] == [0] * len(jobs)
    assert sorted(row["file"] for row in place.rows()) == sorted(names)


# The sources table


HEADER = "file\turl\tbytes\tsha256\tlicence\torigin\n"


def test_the_shipped_table_is_sound():
    sources = read_sources(SHIPPED)
    assert len(sources) == len(SHIPPED.read_text().splitlines()) - 1
    for file, source in sources.items():
        assert source.file == file
        assert source.licence and source.origin
        assert source.url is None or source.url.startswith("https://")
        assert source.url or (source.bytes and source.sha256)


def test_empty_cells_are_none(tmp_path):
    table = tmp_path / "sources.tsv"
    table.write_text(f"{HEADER}a\t\t\t\tCC0\there\nb\thttps://b\t12\t{'AB' * 32}\tMIT\tthere\n")
    assert list(read_sources(table).values()) == [
        Source("a", None, None, None, "CC0", "here"),
        Source("b", "https://b", 12, "ab" * 32, "MIT", "there"),
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("file\turl\tbytes\n", ["missing", "sha256, licence, origin"]),
        ("", ["missing", "file"]),
        (f"{HEADER}a\t\t\t\t\t\na\t\t\t\t\t\n", ["line 3", "column file", "'a'", "twice"]),
        (f"{HEADER}\thttps://b\t\t\t\t\n", ["line 2", "column file", "empty"]),
        (f"{HEADER}a\t\t12.5\t\t\t\n", ["line 2", "column bytes", "'12.5'"]),
        (f"{HEADER}a\t\t-3\t\t\t\n", ["line 2", "column bytes", "'-3'"]),
        (f"{HEADER}a\t\t\t{'g' * 64}\t\t\n", ["line 2", "column sha256", "64"]),
        (f"{HEADER}a\t\t\t{'a' * 63}\t\t\n", ["line 2", "column sha256", "64"]),
        (f"{HEADER}a\t\t\t\t\t\tmore\n", ["line 2", "more cells"]),
    ],
)
def test_a_malformed_table_is_refused(tmp_path, text, said):
    table = tmp_path / "sources.tsv"
    table.write_text(text)
    with pytest.raises(LacunaError) as error:
        read_sources(table)
    for words in [str(table), *said]:
        assert words in str(error.value)
