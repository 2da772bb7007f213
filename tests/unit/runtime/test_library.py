"""Which library jobs import."""

import os
import subprocess
import sys
from pathlib import Path

import lacuna
from lacuna.runtime.library import share_library


def test_processes_import_this_library_and_what_they_did_before(monkeypatch, tmp_path):
    (tmp_path / "own.py").touch()
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    share_library()
    share_library()
    assert len(os.environ["PYTHONPATH"].split(os.pathsep)) == 2
    code = "import lacuna, own; print(lacuna.__file__)"
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert Path(printed.stdout.strip()) == Path(lacuna.__file__)
