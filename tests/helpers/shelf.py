"""A dataset file, its content, and the place where that file is to appear."""

import csv
import hashlib
import os
from collections.abc import Sequence
from pathlib import Path

import pytest
from misbehaving import Misbehaving

from lacuna.errors import LacunaError
from lacuna.io.sources import Source, Wanted, acquire

CONTENT = b"\x1f\x8b\x08" + os.urandom(299_997)  # as gzip begins
FILE = "wells.gctx.gz"
DATASET, SERIES = "mine", "plates"


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def wanted(file: str = FILE, series: str = SERIES, dataset: str = DATASET, **said) -> Wanted:
    """A file of a series, and what the configuration says of it."""
    return Wanted(dataset, series, file, **said)


class Place:
    """Where a file is to appear, and what lies around it."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.destination = folder / "results" / "downloads" / FILE
        self.part = self.destination.with_name(FILE + ".part")
        self.recorded = folder / "results" / "recorded.tsv"
        self.mirror = folder / "mirror"

    def acquire(
        self,
        source: Source | None,
        file: str | Wanted = FILE,
        mirror: Path | Sequence[Path] = (),
        **more,
    ) -> None:
        sources = {source.file: source} if source else {}
        mirrors = [mirror] if isinstance(mirror, Path) else mirror
        asked = wanted(file) if isinstance(file, str) else file
        more = {"progress": False} | more
        acquire(asked, self.destination, sources, self.recorded, mirrors, **more)

    def hold(self, content: bytes, folder: str = "mirror", file: str = FILE) -> Path:
        """Put a file into a folder of the user's; return the folder."""
        held = self.folder / folder
        held.mkdir(exist_ok=True)
        (held / file).write_bytes(content)
        return held

    def begin(self, server: Misbehaving, source: Source, count: int) -> None:
        """Let a download be interrupted after so many bytes."""
        script, server.script = server.script, [("cut", count), 503]
        with pytest.raises(LacunaError, match="attempts brought nothing new"):
            self.acquire(source, attempts=1)
        assert self.part.stat().st_size == count
        server.script = script
        server.requests.clear()

    def rows(self) -> list[dict]:
        with self.recorded.open(newline="") as table:
            return list(csv.DictReader(table, delimiter="\t"))

    def assert_complete(self) -> None:
        assert self.destination.read_bytes() == CONTENT
        assert [path.name for path in self.destination.parent.iterdir()] == [FILE]

    def assert_nothing_left(self) -> None:
        assert not list(self.destination.parent.glob("*"))
