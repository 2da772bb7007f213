"""Gathers the real data of the shipped configurations: python -m lacuna.project.small_data.

All go into one folder, small-data, which these configurations name as a mirror: files that lie
below LACUNA_SHARED/data (by default ../shared/data) are linked to, others are downloaded, and each
is checked. What cannot be had is said, with the reason.
"""

import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import yaml

from lacuna.acquire.inputs import Inputs
from lacuna.errors import LacunaError
from lacuna.io.sources import SMALL_DATA, SOURCES_TABLE, Source, Wanted, acquire, read_sources
from lacuna.project.config import prepare

CONFIGURATIONS = (
    *("lincs-mini", "lincs-cells", "tahoe"),
    *("translation-small", "retrieval-small", "retrieval-tahoe", "single-cell-small"),
)
RECORDED = Path("resources/recorded_checksums.tsv")
SHARED = Path(os.environ.get("LACUNA_SHARED") or "../shared") / "data"


class Gathered(NamedTuple):
    """What became of a file.

    Attributes
    ----------
    file : str
        Its name.
    came : str
        From where, and how; empty if it could not be had.
    why : str
        Why not; empty if it is there.
    """

    file: str
    came: str
    why: str


def needed(configurations: Mapping[str, Mapping]) -> dict[str, list[Wanted]]:
    """Return the files of each configuration, by its name."""
    files = {}
    for name, config in configurations.items():
        prepared = prepare(config)
        paths = Inputs.of(prepared).all_files(prepared["dataset"])
        files[name] = [Wanted(prepared["dataset"], *path.split("/")[-2:]) for path in paths]
    return files


def gather(
    files: Sequence[Wanted],
    folder: Path,
    sources: dict[str, Source],
    recorded: Path,
    shared: Path,
    *,
    progress: bool = True,
) -> list[Gathered]:
    """Bring files into a folder; one that cannot be had keeps no other from coming.

    Parameters
    ----------
    files
        Those wanted.
    folder
        Where they go; what is there already and has the right checksum stays.
    sources, recorded
        As for `lacuna.io.sources.acquire`.
    shared
        Files below it, at any depth, are linked to; it need not exist.
    progress
        Show progress bars.

    Returns
    -------
    list of Gathered
        In the order of the files, each once.
    """
    folder.mkdir(parents=True, exist_ok=True)
    held: dict[str, list[Path]] = {}
    for path in sorted(shared.rglob("*")):
        held.setdefault(path.name, []).append(path.parent)
    by_name = {wanted.file: wanted for wanted in reversed(files)}
    gathered = []
    for file in dict.fromkeys(wanted.file for wanted in files):
        target, source = folder / file, sources.get(file)
        was_there = target.is_file() and not target.is_symlink()
        if not (target.is_file() or held.get(file) or (source and source.url)):
            origin = f": {source.origin}" if source else f"; {SOURCES_TABLE} does not list it"
            gathered.append(Gathered(file, "", f"no address is known{origin}"))
            continue
        mirrors = [folder, *held.get(file, [])]
        try:
            acquire(by_name[file], target, sources, recorded, mirrors, progress=progress)
        except LacunaError as error:
            gathered.append(Gathered(file, "", str(error)))
            continue
        if target.is_symlink():
            came = f"a link to {target.resolve()}"
        else:
            came = "was there" if was_there or not source else f"downloaded from {source.url}"
        gathered.append(Gathered(file, came, ""))
    return gathered


def told(gathered: Sequence[Gathered], files: Mapping[str, Sequence[Wanted]], folder: Path) -> str:
    """Return what to print: what came from where, what did not and why, what can be run now."""
    lacking = {one.file for one in gathered if one.why}
    lines = [f"{len(gathered) - len(lacking)} of {len(gathered)} files are in {folder}, checked:"]
    lines += [f"  {one.file}: {one.came}" for one in gathered if not one.why]
    if lacking:
        lines += [f"{len(lacking)} could not be had:"]
        lines += [f"  {one.file}: {one.why}" for one in gathered if one.why]
    lines += ["What can be run with them:"]
    for name, wanted in files.items():
        missing = sorted({one.file for one in wanted} & lacking)
        command = f"snakemake --cores 2 --configfile config/{name}.yaml"
        lines += [
            f"  {name}: " + (f"not yet: it lacks {', '.join(missing)}" if missing else command)
        ]
    return "\n".join(lines)


def main() -> int:
    """Gather the data in the folder of the project; return 1 if some could not be had."""
    configurations = {
        name: yaml.safe_load(Path(f"config/{name}.yaml").read_text()) for name in CONFIGURATIONS
    }
    files = needed(configurations)
    every = [wanted for its in files.values() for wanted in its]
    folder = Path(SMALL_DATA)
    gathered = gather(every, folder, read_sources(SOURCES_TABLE), RECORDED, SHARED)
    print(told(gathered, files, folder))
    return int(any(one.why for one in gathered))


if __name__ == "__main__":
    sys.exit(main())
