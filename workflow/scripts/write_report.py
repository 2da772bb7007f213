"""Have Snakemake write its report of the finished results, and keep the configuration beside it."""

import subprocess
import sys
from pathlib import Path

import yaml

from lacuna.files import whole
from lacuna.job import logged

with logged(snakemake.log[0]), whole(snakemake.output.report) as unfinished:
    config = Path(snakemake.output.config)
    config.write_text(yaml.safe_dump(snakemake.params.config, sort_keys=False))
    # Not locked: the run that this job belongs to holds the folder's lock.
    command = [
        *(sys.executable, "-m", "snakemake", "results", "--nolock", "--report", unfinished),
        *("--snakefile", snakemake.params.snakefile, "--configfile", config),
    ]
    ended = subprocess.run(map(str, command), capture_output=True, text=True)
    print(ended.stdout, ended.stderr)
    if ended.returncode or not unfinished.exists():
        raise RuntimeError(f"snakemake --report failed, see {snakemake.log[0]}")
