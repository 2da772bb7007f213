"""What each job of a data set wrote and read: its manifest, results/{dataset}/sums/{job}.tsv.

A manifest has the columns what, name, bytes, sha256. Its rows: `code`, the script with the digest
of the code that it ran; `output`, a file that it wrote; `input`, a file that it read; `manifest`,
the size and the checksum of the rows above, so that a damaged manifest is known for one.
"""

import csv
import hashlib
import io
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from lacuna.errors import DamagedFile
from lacuna.io.atomic import write_whole
from lacuna.io.known_sums import Sum, known_sum, sum_of

COLUMNS = ("what", "name", "bytes", "sha256")
LARGE = 1 << 26  # bytes of a file that not every job that reads it hashes again


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
    folder : Path
        Where they stand, results/{dataset}/sums.
    manifests : list of Manifest
        Sorted by their paths.
    damaged : list of Path
        Manifests that cannot be read.
    """

    folder: Path
    manifests: list[Manifest]
    damaged: list[Path]

    @classmethod
    def read(cls, folder: Path) -> "Sums":
        """Read the manifests below a folder."""
        manifests, damaged = [], []
        # Not those that another job is about to write, which begin with a dot.
        for path in sorted(folder.rglob("[!.]*.tsv")):
            try:
                manifests.append(read_manifest(path))
            except DamagedFile:
                damaged.append(path)
            except FileNotFoundError:  # its job runs again this moment
                continue
        return cls(folder, manifests, damaged)

    def check(self, files: Iterable[str]) -> dict[str, Sum]:
        """Compare files with what the jobs that made them have written.

        Parameters
        ----------
        files
            Paths, as the workflow names them. One that no job lists may hold anything.

        Returns
        -------
        dict of str to Sum
            What they hold, without those that are not there.

        Raises
        ------
        DamagedFile
            If a file is another one, or nobody knows, as a manifest is damaged.
        LacunaError
            If a file is gone that a job lists, or cannot be read.
        """
        written = {
            name: (manifest.path, its)
            for manifest in self.manifests
            for name, its in manifest.outputs.items()
        }
        found = {}
        for file in files:
            if file in written:
                found[file] = _check(file, *written[file])
            elif self.damaged and self.folder.parent in Path(file).parents:
                raise DamagedFile(
                    file, f"nobody knows whether it is whole, as {self.damaged[0]} is damaged."
                )
            elif os.path.exists(file):
                found[file] = find_sum(file)
        return found

    def replace(self, manifest: Manifest) -> None:
        """Write the manifest of a job, and take its files out of those of other jobs.

        A file has two of them where another rule made it before, under another configuration.

        Raises
        ------
        UnwritableFile
            If one cannot be written.
        """
        for other in self.manifests:
            if other.path == manifest.path or not other.outputs.keys() & manifest.outputs.keys():
                continue
            left = {k: its for k, its in other.outputs.items() if k not in manifest.outputs}
            if left:
                replace(other, outputs=left).write()
            else:
                other.path.unlink(missing_ok=True)
        manifest.write()


def find_sum(path: str | Path) -> Sum:
    """Return what a file of a job holds; of one that is large, or the user's own, from memory."""
    path = Path(path)
    if path.is_file() and (path.is_symlink() or path.stat().st_size > LARGE):
        return known_sum(path)
    return sum_of(path)


def _check(file: str, listed_in: Path, expected: Sum) -> Sum:
    if (found := find_sum(file)) != expected:
        was = "acquired" if os.path.islink(file) else "written"
        raise DamagedFile(
            file, f"is not what was {was}: it has {found}, but {listed_in} says {expected}."
        )
    return found
