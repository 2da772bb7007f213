"""The look at a data set that a run takes once, before its first job."""

import hashlib
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lacuna.acquire.inputs import Inputs
from lacuna.errors import LacunaError
from lacuna.io.atomic import write_whole
from lacuna.io.sources import read_sources
from lacuna.predict import stage as predict
from lacuna.project.check import check
from lacuna.project.check_files import find_files
from lacuna.project.findings import Report
from lacuna.project.leftovers import PREFLIGHT
from lacuna.project.package import __version__


def preflight(config: Mapping[str, Any], sources: str | Path, *, stops: bool = True) -> None:
    """Print what is wrong with a run's files and configuration; stop a run that leads nowhere.

    What was found last time counts while neither the configuration nor the size and time of change
    of a file differs. Where all is well, nothing is printed.

    Parameters
    ----------
    config
        A prepared configuration.
    sources
        The table that says what can be downloaded.
    stops
        Whether to stop a run that cannot reach its report; False where it was not asked for it.

    Raises
    ------
    LacunaError
        If the run cannot reach its report, with all that was found.
    """
    kept = Path("results") / config["dataset"] / PREFLIGHT
    digest = _digest(config, sources)
    found = _read(kept, digest)
    if found is None:
        found = {"digest": digest, **_told(check(config, sources))}
        with write_whole(kept) as unfinished:
            unfinished.write_text(json.dumps(found, indent=1))
    lines = "\n".join(found["lines"])
    if found["stops"] and stops:
        raise LacunaError(f"no job was started.\n{lines}")
    if lines:
        print(lines, file=sys.stderr)


def _told(report: Report) -> dict[str, Any]:
    lines = report.lines(findings_only=True) if report.findings else []
    return {"stops": bool(report.errors), "lines": lines}


def _digest(config: Mapping[str, Any], sources: str | Path) -> str:
    known = read_sources(sources) if Path(sources).is_file() else {}
    files = [
        [file.folder, file.kind, file.file, file.said, *_state(file.path)]
        for file in find_files(Inputs.of(config), config["dataset"], known)
    ]
    own = [_state(path) for path in map(Path, predict.table(config)) if path.is_file()]
    said = json.dumps([config, files, own, __version__], sort_keys=True, default=str)
    return hashlib.sha256(said.encode()).hexdigest()


def _state(path: Path | None) -> tuple[str, int, int]:
    if path is None:
        return "", 0, 0
    state = path.stat()
    return str(path), state.st_size, state.st_mtime_ns


def _read(path: Path, digest: str) -> dict[str, Any] | None:
    """Return what was found last time; None where nothing was, or of other files."""
    try:
        found = json.loads(path.read_text())
    except (OSError, ValueError):
        return None
    valid = isinstance(found, dict) and found.get("digest") == digest
    return found if valid and isinstance(found.get("lines"), list) and "stops" in found else None
