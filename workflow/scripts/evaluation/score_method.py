"""Score what a method predicted in all folds together."""

import pandas as pd

from lacuna.completion.interface import Completion
from lacuna.evaluation.bootstrap import intervals
from lacuna.evaluation.calibration import calibration, joint_density
from lacuna.evaluation.deg import deg_roc
from lacuna.evaluation.held_out import HeldOut
from lacuna.evaluation.metrics import score_draws
from lacuna.evaluation.pert_types import score_by_type
from lacuna.evaluation.profile_scores import score_folds, score_profiles
from lacuna.evaluation.specificity import score_specificity
from lacuna.evaluation.splits import SPLITS
from lacuna.io.tsv import write_table
from lacuna.runtime.job import job
from lacuna.runtime.seeds import generator
from lacuna.tensor.joined import read_of_profiles, read_types
from lacuna.tensor.profiles import ProfileSet

with job(snakemake):
    names = {name: snakemake.wildcards[name] for name in ("size", "split", "method")}
    split = SPLITS[names["split"]]
    tensor = ProfileSet.load(snakemake.input.tensor)
    fold = read_of_profiles(tensor, snakemake.input.folds, "fold")
    completions = [Completion.load(path) for path in snakemake.input.predicted]
    held_out = HeldOut.gather(tensor, fold, completions, shown_other_cells=split.shows_other_cells)
    # The stream leaves out the method: the draws of two methods are paired.
    rng = generator(snakemake.params.seed, "bootstrap", names["size"], split.stream)
    draws = score_draws(held_out, rng)
    types = read_types(tensor, snakemake.input.drugs)
    by_type = score_by_type(
        held_out,
        types,
        draws,
        lambda kind: generator(
            snakemake.params.seed, "bootstrap", names["size"], split.stream, kind
        ),
    )
    of_drug = pd.Series(types, tensor.drugs)
    specificity = score_specificity(held_out, tensor)
    for table, path in [
        (draws, snakemake.output.draws),
        (intervals(draws), snakemake.output.metrics),
        (by_type, snakemake.output.by_type),
        (score_folds(held_out), snakemake.output.folds),
        (
            score_profiles(held_out, tensor).assign(pert_type=types[held_out.drug]),
            snakemake.output.profiles,
        ),
        (
            specificity.assign(pert_type=specificity["drug"].map(of_drug)),
            snakemake.output.specificity,
        ),
        (deg_roc(held_out.truth, held_out.predicted), snakemake.output.roc),
        (calibration(held_out, rng), snakemake.output.calibration),
        (joint_density(held_out.truth, held_out.predicted), snakemake.output.density),
    ]:
        write_table(pd.DataFrame(names, index=table.index).join(table), path)
