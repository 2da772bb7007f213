"""What Snakemake measured of a job is read as it writes it."""

import math

import pytest

from lacuna.io.benchmarks import read_benchmark, read_seconds

HEAD = "s\th:m:s\tmax_rss\tmax_vms\tmax_uss\tmax_pss\tio_in\tio_out\tmean_load\tcpu_time\n"
ROW = "{}\t0:00:09\t{}\t900.1\t80.0\t90.0\t0.1\t0.2\t98.2\t9.1\n"


def test_the_last_try_counts(tmp_path):
    path = tmp_path / "job.tsv"
    path.write_text(HEAD + ROW.format(9.5, 120.5) + ROW.format(3.25, 100.0))
    assert read_benchmark(path) == (3.25, 100.0)


def test_a_job_too_short_to_be_measured_has_a_time_alone(tmp_path):
    for nothing in ("-", "NA"):
        (tmp_path / "job.tsv").write_text(HEAD + ROW.format(0.2, nothing))
        measured = read_benchmark(tmp_path / "job.tsv")
        assert measured.seconds == 0.2
        assert math.isnan(measured.mebibytes)


@pytest.mark.parametrize("left", ["", HEAD, HEAD[:20], HEAD + "9.5\t0:0", "s\n3\n", "\0" * 512])
def test_of_a_file_that_a_full_disk_or_a_kill_left_nothing_is_measured(tmp_path, left):
    (tmp_path / "job.tsv").write_text(left)
    assert all(map(math.isnan, read_benchmark(tmp_path / "job.tsv")))


def test_the_wall_time_alone_is_read_of_whole_files_only(tmp_path):
    path = tmp_path / "job.tsv"
    path.write_text(HEAD + ROW.format(9.5, 120.5) + ROW.format(3.25, "-"))
    assert read_seconds(path) == 3.25
    for broken in ("", HEAD, "max_rss\n3\n", "s\nnan\n", "s\n-1\n", "s\nquick\n"):
        path.write_text(broken)
        assert read_seconds(path) is None
    assert read_seconds(tmp_path / "none.tsv") is None
