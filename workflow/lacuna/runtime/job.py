"""What every job does around the work of its script: its log, and the sums of its files."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from lacuna.io.known_sums import Sum, known_sum, sum_of
from lacuna.io.sums import Manifest
from lacuna.runtime.script_log import log_script

LARGE = 1 << 26  # bytes of a file that is hashed once, and not by every job that reads it


@contextmanager
def job(snakemake: Any) -> Iterator[None]:
    """Run the block as the work of a job.

    What it prints goes to the job's log, and what it cannot do is told as by `log_script`. What
    the job wrote is listed in its manifest, `snakemake.output.sums`; see `lacuna.io.sums`.

    Parameters
    ----------
    snakemake
        What Snakemake gives a script. `output.sums` and `params.code`, which the workflow adds to
        every rule, are gone from it within the block: a script sees what its own rule says.

    Raises
    ------
    SystemExit
        As `log_script`.
    """
    manifest, code = _take(snakemake.output, "sums"), _take(snakemake.params, "code")
    with log_script(snakemake.log[0]):
        yield
        if manifest:
            outputs = {str(path): _sum(path) for path in snakemake.output}
            inputs = {str(path): _sum(path) for path in snakemake.input if os.path.exists(path)}
            Manifest(Path(manifest), _script(), code or "", outputs, inputs).write()


def _take(things: Any, name: str) -> Any:
    """Take what has a name out of a list of Snakemake's; None if nothing has."""
    if name not in things._names:
        return None
    place, _ = things._names.pop(name)
    for other, (start, end) in things._names.items():
        if start > place:
            things._names[other] = (start - 1, end and end - 1)
    delattr(things, name)
    return things.pop(place)


def _sum(path: str) -> Sum:
    large = os.path.islink(path) or os.stat(path).st_size > LARGE
    return known_sum(path) if large and not os.path.isdir(path) else sum_of(path)


def _script() -> str:
    """Return the name of the script that runs, as in tensor/build_tensor."""
    path = Path(sys.modules["__main__"].__file__ or "")
    return f"{path.parent.name}/{path.stem}"
