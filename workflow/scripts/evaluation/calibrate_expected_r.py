"""Learn what correlation to expect of a method's predictions, and judge that on other drugs."""

from lacuna.completion.interface import Completion
from lacuna.evaluation.expected_r import ExpectedR, describe_held_out, judge_splits
from lacuna.io.tsv import write_table
from lacuna.runtime.job import job
from lacuna.runtime.seeds import generator
from lacuna.tensor.joined import read_of_profiles
from lacuna.tensor.profiles import ProfileSet

with job(snakemake):
    tensor = ProfileSet.load(snakemake.input.tensor)
    held_out = {}
    for split in snakemake.params.splits:
        folds, *predicted = snakemake.input[split]
        fold = read_of_profiles(tensor, folds, "fold")
        held_out[split] = describe_held_out(tensor, fold, list(map(Completion.load, predicted)))
    learnt = ExpectedR.fit(held_out)
    print(learnt)
    learnt.save(snakemake.output.calibrator)
    # The stream leaves out the method: the draws of two methods are paired.
    seed = snakemake.params.seed
    judged = judge_splits(held_out, lambda split: generator(seed, "expected r", split))
    print(judged.to_string(index=False))
    write_table(judged, snakemake.output.tiers)
