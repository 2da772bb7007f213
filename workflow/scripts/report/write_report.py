"""Have Snakemake write its report of the finished results."""

import subprocess
import sys

from lacuna.io.atomic import write_whole
from lacuna.runtime.job import job

with job(snakemake), write_whole(snakemake.output[0]) as unfinished:
    # Files, not the rule `results`: it has another name where this workflow is a module of another.
    shown = [path for path in snakemake.input if path != snakemake.input.config]
    # Not locked: the run that this job belongs to holds the folder's lock.
    command = [
        *(sys.executable, "-m", "snakemake", "--nolock", "--report", unfinished),
        *("--snakefile", snakemake.params.snakefile, "--configfile", snakemake.input.config),
        *("--", *shown),
    ]
    ended = subprocess.run(map(str, command), capture_output=True, text=True)
    print(ended.stdout, ended.stderr)
    if ended.returncode or not unfinished.exists():
        raise RuntimeError(f"snakemake --report failed, see {snakemake.log[0]}")
