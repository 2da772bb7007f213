"""Fill the whole grid: measured profiles as they are, all others predicted."""

from pathlib import Path
from shutil import rmtree

import pandas as pd

from lacuna.completion.interface import SideInformation
from lacuna.completion.run import complete_in_blocks
from lacuna.completion.writer import write_completed
from lacuna.runtime.script_log import log_script
from lacuna.runtime.seeds import generator
from lacuna.tensor.profiles import ProfileSet

with log_script(snakemake.log[0]):
    variant = snakemake.params.variant
    tensor = ProfileSet.load(snakemake.input.tensor)
    work = Path(f"{snakemake.output.gctx}.work")
    completions = complete_in_blocks(
        variant["method"],
        observed=tensor,
        wanted=tensor.missing_pairs,
        side=SideInformation.read(tensor, snakemake.input.drugs, snakemake.input.baseline),
        rng=generator(snakemake.params.seed, "completed", variant["method"]),
        options=variant["options"],
        work=work,
    )
    axes = {
        axis: pd.read_csv(snakemake.input[axis], sep="\t", dtype=str, keep_default_na=False)
        for axis in ("drugs", "cells", "genes")
    }
    write_completed(snakemake.output.gctx, tensor, completions, **axes)
    rmtree(work, ignore_errors=True)
