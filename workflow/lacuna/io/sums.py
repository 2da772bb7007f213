"""What each job of a data set wrote and read: its manifest, results/{dataset}/sums/{job}.tsv.

A manifest has the columns what, name, bytes, sha256. Its rows: `code`, the script with the digest
of the code that it ran; `output`, a file that it wrote; `input`, a file that it read; `manifest`,
the size and the checksum of the rows above, so that a damaged manifest is known for one.
"""

import csv
import hashlib
import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from lacuna.errors import DamagedFile
from lacuna.io.atomic import write_whole
from lacuna.io.known_sums import Sum

COLUMNS = ("what", "name", "bytes", "sha256")


def manifest_of(log: str) -> str:
    """Return where the manifest of a job stands, by where its log does.

    Examples
    --------
    >>> manifest_of("results/{dataset}/logs/complete_tensor/{method}.log")
    'results/{dataset}/sums/complete_tensor/{method}.tsv'
    """
    return log.replace("/logs/", "/sums/", 1).removesuffix(".log") + ".tsv"


@dataclass(frozen=True)
class Manifest:
    """What a job wrote, what it read, and with which code.

    Attributes
    ----------
    path : Path
        Where it stands.
    script : str
        The job's script, as in tensor/build_tensor.
    code : str
        The digest of the code that it ran; empty where nobody asked for one.
    outputs, inputs : mapping of str to Sum
        Files by their paths, as the workflow names them.
    """

    path: Path
    script: str
    code: str
    outputs: Mapping[str, Sum] = field(default_factory=dict)
    inputs: Mapping[str, Sum] = field(default_factory=dict)

    def write(self) -> None:
        """Write the manifest, whole or not at all.

        Raises
        ------
        UnwritableFile
            If the disk is full, or the folder may not be written to.
        """
        text = io.StringIO()
        writer = csv.writer(text, delimiter="\t", lineterminator="\n")
        writer.writerow(COLUMNS)
        writer.writerow(("code", self.script, "", self.code))
        for what, files in (("output", self.outputs), ("input", self.inputs)):
            writer.writerows((what, name, *its) for name, its in files.items())
        rows = text.getvalue().encode()
        writer.writerow(("manifest", "", len(rows), hashlib.sha256(rows).hexdigest()))
        with write_whole(self.path) as unfinished:
            unfinished.write_bytes(text.getvalue().encode())


def read_manifest(path: Path) -> Manifest:
    """Read a manifest.

    Raises
    ------
    DamagedFile
        If it is damaged or cut short.
    """
    content = path.read_bytes()
    start = content.rfind(b"manifest\t")
    rows = content[:start]
    ending = f"manifest\t\t{len(rows)}\t{hashlib.sha256(rows).hexdigest()}\n"
    if start < 0 or content[start:] != ending.encode():
        raise DamagedFile(path, "this list of checksums is damaged.")
    files: dict[str, dict[str, Sum]] = {"output": {}, "input": {}}
    [_, (_, script, _, code), *listed] = csv.reader(io.StringIO(rows.decode()), delimiter="\t")
    for what, name, size, sha256 in listed:
        files[what][name] = Sum(int(size), sha256)
    return Manifest(path, script, code, files["output"], files["input"])


@dataclass(frozen=True)
class Sums:
    """All manifests of a data set.

    Attributes
    ----------
    manifests : list of Manifest
        Sorted by their paths.
    damaged : list of Path
        Manifests that cannot be read.
    """

    manifests: list[Manifest]
    damaged: list[Path]

    @classmethod
    def read(cls, folder: str | Path) -> "Sums":
        """Read the manifests below a folder, results/{dataset}/sums."""
        manifests, damaged = [], []
        for path in sorted(Path(folder).rglob("*.tsv")):
            try:
                manifests.append(read_manifest(path))
            except DamagedFile:
                damaged.append(path)
            except FileNotFoundError:  # its job runs again this moment
                continue
        return cls(manifests, damaged)

    def written(self, paths: Iterable[str]) -> dict[str, tuple[Sum, Path]]:
        """Return those of the files that a job wrote, with their sums and where these stand."""
        wanted = {*paths}
        return {
            name: (its, manifest.path)
            for manifest in self.manifests
            for name, its in manifest.outputs.items()
            if name in wanted
        }
