"""A dataset file, its content, and the place where that file is to appear."""

import csv
import hashlib
import os
from collections.abc import Sequence
from pathlib import Path

from lacuna.io.sources import Source, Wanted, acquire

CONTENT = os.urandom(300_000)
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
