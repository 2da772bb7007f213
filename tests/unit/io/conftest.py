"""A server that misbehaves, a file that it holds, and the place where that file is to appear."""

import pytest
from misbehaving import Misbehaving
from shelf import CONTENT, FILE, Place, sha256

from lacuna.io import download as module
from lacuna.io.sources import Source


@pytest.fixture
def server(monkeypatch):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr(module, "FIRST_WAIT", 0.001)
    with Misbehaving({FILE: CONTENT}).serving() as server:
        yield server


@pytest.fixture
def place(tmp_path):
    return Place(tmp_path)


@pytest.fixture
def source(server):
    return Source(FILE, server.url(FILE), len(CONTENT), sha256(CONTENT), "CC0", "the local shelf")
