"""Keep the configuration, and what the results were made from and with."""

from pathlib import Path

import yaml

from lacuna.files import whole
from lacuna.job import logged
from lacuna.run_record import provenance

with logged(snakemake.log[0]):
    config = snakemake.params.config
    project = Path(snakemake.scriptdir).resolve().parents[1]
    found = provenance(config["seed"], snakemake.params.files, project)
    for content, path in [
        (config, snakemake.output.config),
        (found, snakemake.output.provenance),
    ]:
        with whole(path) as unfinished:
            unfinished.write_text(yaml.safe_dump(content, sort_keys=False))
