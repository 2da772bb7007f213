"""Predict the profiles that each of some folds holds out, from all those that it does not."""

from dataclasses import replace
from pathlib import Path
from shutil import rmtree

from lacuna.completion.interface import Completion, SideInformation
from lacuna.completion.run import run_method
from lacuna.evaluation.splits import SPLITS
from lacuna.runtime.job import job
from lacuna.runtime.seeds import generator
from lacuna.tensor.joined import read_of_profiles
from lacuna.tensor.profiles import ProfileSet

with job(snakemake):
    names, variant = snakemake.wildcards, snakemake.params.variant
    split = SPLITS[names.split]
    stream = (names.size, split.stream, variant["method"])
    tensor = ProfileSet.load(snakemake.input.tensor)
    fold = read_of_profiles(tensor, snakemake.input.folds, "fold")
    side = SideInformation.read(tensor, snakemake.input.drugs, snakemake.input.baseline)
    # Not an output: Snakemake would remove it when the job is killed.
    work = Path(f"{snakemake.output[0]}.work")
    completions = []
    for number in snakemake.params.folds:
        held_out = tensor.take(fold == number)
        completions.append(
            run_method(
                variant["method"],
                observed=tensor.take(fold != number),
                wanted=held_out.pairs,
                side=replace(side, answers=held_out if snakemake.params.is_control else None),
                rng=generator(snakemake.params.seed, *stream, number),
                options=variant["options"],
                elsewhere=held_out if split.shows_other_cells else None,
                work=work / f"fold_{number}",
            )
        )
    Completion.join(completions).save(snakemake.output[0])
    rmtree(work, ignore_errors=True)
