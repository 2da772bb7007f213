"""Files that are others than those on which the results of a data set rest, found before a run.

Snakemake goes by times of modification, and these say nothing of a file: copies may keep that of
another file, or bring one of the future. Here what counts is what a file holds. It is hashed once
and again when the file system says that it changed (`lacuna.io.known_sums`).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from lacuna.acquire.inputs import Inputs
from lacuna.errors import LacunaError
from lacuna.io.known_sums import Sum, known_sum
from lacuna.io.mirrors import find_copy, relink
from lacuna.io.recorded import record
from lacuna.io.sources import Source, Wanted, compare_known, read_sources
from lacuna.io.sums import Sums

RULE = "acquire_file"


@dataclass
class Changed:
    """What was found.

    Attributes
    ----------
    anew : list of str
        Acquired files, as the workflow names them, that are to be got again, with all that rests
        on them.
    damaged : list of str
        Those of them that were downloaded, and altered below results since.
    same : set of str
        Acquired files that hold what the results rest on, whatever their time of modification.
    notices : list of str
        What to tell the user.
    """

    anew: list[str] = field(default_factory=list)
    damaged: list[str] = field(default_factory=list)
    same: set[str] = field(default_factory=set)
    notices: list[str] = field(default_factory=list)

    def add(self, file: str, notice: str) -> None:
        """Have a file got again."""
        self.anew.append(file)
        self.notices.append(f"{notice} What rests on it is made anew.")


def find_changed(inputs: Inputs, dataset: str, sources: str | Path, recorded: Path) -> Changed:
    """Compare the files of a data set with those on which its results rest.

    Parameters
    ----------
    inputs
        The files.
    dataset
        The data set.
    sources, recorded
        The table of sources; and that of the sums at first sight, which gets rows that the user
        has removed, where the file is still the one that the results rest on. Links to such a file
        are made to lead to where it is now.

    Returns
    -------
    Changed
        Of files that were never acquired it says nothing.

    Raises
    ------
    LacunaError
        If a file of the user's is another one than a pinned or a recorded sum says.
    """
    found = Changed()
    sums = Sums.read(Path("results", dataset, "sums"))
    rests_on = dict(_rests_on(sums, dataset))
    if inputs.simulated or not (rests_on or sums.damaged):
        return found
    table = read_sources(sources)
    for file in dict.fromkeys(inputs.all_files(dataset)):
        if file not in rests_on:
            continue
        series, name = Path(file).parts[-2:]
        wanted = Wanted(**inputs.wanted(dataset, series, name))
        if Path(file).is_file() and not Path(file).is_symlink():
            _look_at_download(found, file, wanted, rests_on[file], table, recorded)
        elif copy := _copy(wanted, [Path(mirror) for mirror in inputs.mirrors]):
            _look_at_copy(found, file, wanted, copy, rests_on[file], table, recorded)
    for manifest in sums.damaged:
        if manifest.parts[3:4] == (RULE,):
            file = f"results/{dataset}/acquire/{'/'.join(manifest.with_suffix('').parts[4:])}"
            if file not in found.anew:
                found.add(file, f"{manifest} is damaged. {file} is got again.")
    return found


def _rests_on(sums: Sums, dataset: str) -> Iterator[tuple[str, set[Sum]]]:
    """Return what acquired files held as they were got; where nobody knows, as jobs read them."""
    folder = f"results/{dataset}/acquire/"
    got = {
        file: {its}
        for manifest in sums.manifests
        for file, its in manifest.outputs.items()
        if file.startswith(folder)
    }
    read: dict[str, set[Sum]] = {}
    for manifest in sums.manifests:
        for file, its in manifest.inputs.items():
            if file.startswith(folder):
                read.setdefault(file, set()).add(its)
    yield from (read | got).items()


def _copy(wanted: Wanted, mirrors: list[Path]) -> Path | None:
    if wanted.path is None:
        return find_copy(wanted.key, mirrors)
    path = Path(wanted.path)
    return path if path.is_file() else None


def _look_at_copy(
    found: Changed,
    file: str,
    wanted: Wanted,
    copy: Path,
    rests_on: set[Sum],
    sources: Mapping[str, Source],
    recorded: Path,
) -> None:
    its, came_from = known_sum(copy), str(copy.resolve())
    known = compare_known(wanted, its, came_from, dict(sources), recorded)
    if rests_on != {its}:
        found.add(file, f"{wanted.key} is another file now: {came_from}.")
        return
    found.same.add(file)
    relink(copy.resolve(), Path(file))
    if not known:
        record(recorded, wanted.key, *its, came_from)


def _look_at_download(
    found: Changed,
    file: str,
    wanted: Wanted,
    rests_on: set[Sum],
    sources: Mapping[str, Source],
    recorded: Path,
) -> None:
    its = known_sum(file)
    if rests_on != {its}:
        found.damaged.append(file)
        found.add(file, f"{file} is not what was downloaded: it has {its}. It is got again.")
        return
    try:
        if not compare_known(wanted, its, file, dict(sources), recorded):
            record(recorded, wanted.key, *its, file)
    except LacunaError:  # the user has corrected the sum: there is another one to be had
        found.add(file, f"{wanted.key} has another checksum now. It is got again.")
