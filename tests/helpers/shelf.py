"""A dataset file, its content, and the place where it is to appear."""

import csv
import hashlib
import os
from pathlib import Path

from lacuna.io.sources import Source, acquire

CONTENT = os.urandom(300_000)
FILE = "wells.gctx.gz"


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


class Place:
    """Where a file is to appear, and what lies around it."""

    def __init__(self, folder: Path):
        self.destination = folder / "results" / "downloads" / FILE
        self.part = self.destination.with_name(FILE + ".part")
        self.recorded = folder / "results" / "recorded.tsv"
        self.mirror = folder / "mirror"

    def acquire(self, source: Source | None, file: str = FILE, mirror: Path | None = None, **more):
        sources = {source.file: source} if source else {}
        more = {"progress": False} | more
        acquire(file, self.destination, sources, self.recorded, [mirror] if mirror else [], **more)

    def hold(self, content: bytes) -> Path:
        self.mirror.mkdir(exist_ok=True)
        (self.mirror / FILE).write_bytes(content)
        return self.mirror

    def begin(self, content: bytes) -> None:
        self.part.parent.mkdir(parents=True)
        self.part.write_bytes(content)

    def rows(self) -> list[dict]:
        with self.recorded.open(newline="") as table:
            return list(csv.DictReader(table, delimiter="\t"))

    def assert_complete(self) -> None:
        assert self.destination.read_bytes() == CONTENT
        assert not self.part.exists()

    def assert_nothing_left(self) -> None:
        assert not os.path.lexists(self.destination)
        assert not self.part.exists()
