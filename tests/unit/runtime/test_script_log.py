"""A job that fails says why on the terminal, and puts damaged files out of the way."""

import pandas as pd
import pytest

from lacuna.errors import DamagedFile
from lacuna.io.atomic import set_aside
from lacuna.io.tsv import write_table
from lacuna.runtime.script_log import log_script

TABLE = pd.DataFrame({"drug": ["β/ 1", "b"], "cells": [3, 4], "share": [0.1, float("nan")]})


def job_that_reads_damaged(path, log):
    with pytest.raises(SystemExit), log_script(log):
        raise DamagedFile(path, "cannot be read.")
    return log.read_text()


def test_ctrl_c_ends_a_job_without_a_traceback_on_the_terminal(tmp_path, capsys):
    with pytest.raises(SystemExit) as end, log_script(tmp_path / "log"):
        raise KeyboardInterrupt
    assert end.value.code == 130
    assert capsys.readouterr().err == ""
    assert "KeyboardInterrupt" in (tmp_path / "log").read_text()


def test_a_damaged_file_is_set_aside_until_there_is_a_new_one(tmp_path):
    path, aside = tmp_path / "a.tsv", tmp_path / "a.tsv.damaged"
    path.write_text("damaged")
    said = job_that_reads_damaged(path, tmp_path / "log")
    assert "a.tsv: cannot be read. a.tsv is now named a.tsv.damaged. Run again" in said
    assert aside.read_text() == "damaged"
    assert set_aside(path) is None  # another job was quicker
    write_table(TABLE, path)
    assert not aside.exists()


def test_a_file_that_is_linked_to_is_never_touched(tmp_path):
    (tmp_path / "mirror").write_text("the user's own")
    link = tmp_path / "level3.gctx"
    link.symlink_to(tmp_path / "mirror")
    said = job_that_reads_damaged(link, tmp_path / "log")
    assert f"Get {tmp_path / 'mirror'} again" in said
    assert (tmp_path / "mirror").read_text() == "the user's own"
    assert link.is_symlink()
