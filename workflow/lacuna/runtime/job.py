"""What every job does around the work of its script: log, sums of its files, and one thread."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from lacuna.io.sums import Manifest, Sums, find_sum
from lacuna.runtime.script_log import log_script
from lacuna.runtime.threads import on_one_thread


@contextmanager
def job(snakemake: Any) -> Iterator[None]:
    """Run the block as the work of a job.

    It computes on one thread, see `lacuna.runtime.threads`: numbers depend on no number of cores.
    What it prints goes to the job's log, and what it cannot do is told as by `log_script`. What it
    reads is compared before with what the jobs that made it have written, and the user's own files
    are looked at again in the end. What it wrote, it lists in its manifest,
    `snakemake.output.sums`; see `lacuna.io.sums`.

    Parameters
    ----------
    snakemake
        What Snakemake gives a script. `output.sums` and `params.code`, which the workflow adds to
        every rule, are gone from it within the block: a script sees what its own rule says.

    Raises
    ------
    SystemExit
        As `log_script`, also where an input is not what its job has written: it is set aside.
    """
    # `snakemake.params` is a new copy each time; they are kept here.
    params = getattr(snakemake, "_params_store", snakemake.params)
    manifest, code = _take(snakemake.output, "sums"), _take(params, "code")
    with on_one_thread(), log_script(snakemake.log[0]):
        if not manifest:  # of another workflow, which changed the rule
            yield
            return
        folder = Path(os.path.commonpath([manifest, snakemake.log[0]])) / "sums"
        sums = Sums.read(folder)
        files = [*dict.fromkeys(map(str, snakemake.input))]
        inputs = sums.check(files)
        yield
        sums.check([path for path in files if os.path.islink(path)])
        outputs = {str(path): find_sum(path) for path in snakemake.output}
        sums.replace(Manifest(Path(manifest), _script(), code or "", outputs, inputs))


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


def _script() -> str:
    """Return the name of the script that runs, as in tensor/build_tensor."""
    path = Path(getattr(sys.modules["__main__"], "__file__", None) or "")
    return f"{path.parent.name}/{path.stem}"
