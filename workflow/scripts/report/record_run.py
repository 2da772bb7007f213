"""Keep the configuration, and what the results were made from and with."""

from pathlib import Path

import yaml

from lacuna.io.atomic import write_whole
from lacuna.project.provenance import provenance
from lacuna.runtime.job import job

with job(snakemake):
    config = snakemake.params.config
    project = Path(snakemake.scriptdir).resolve().parents[2]
    found = provenance(config["seed"], snakemake.params.files, project)
    for content, path in [
        (config, snakemake.output.config),
        (found, snakemake.output.provenance),
    ]:
        with write_whole(path) as unfinished:
            unfinished.write_text(yaml.safe_dump(content, sort_keys=False))
