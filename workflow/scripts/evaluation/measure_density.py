"""Score a method on the same test profiles, trained on ever fewer others."""

import pandas as pd

from lacuna.completion.interface import SideInformation
from lacuna.completion.run import run_method
from lacuna.evaluation.correlation import pooled_pct
from lacuna.evaluation.density import TEST, is_trained_on
from lacuna.io.tsv import read_table, write_table
from lacuna.runtime.job import job
from lacuna.runtime.seeds import generator
from lacuna.tensor.joined import of_profiles
from lacuna.tensor.profiles import ProfileSet

with job(snakemake):
    names, variant = snakemake.wildcards, snakemake.params.variant
    stream = (variant["method"],)
    tensor = ProfileSet.load(snakemake.input.tensor)
    side = SideInformation.read(tensor, snakemake.input.drugs, snakemake.input.baseline)
    subsets = read_table(snakemake.input.subsets).groupby("repeat")
    sizes = pd.read_csv(snakemake.input.sizes, sep="\t", keep_default_na=False)
    rows = []
    for repeat in snakemake.params.repeats:
        of_repeat = subsets.get_group(repeat)
        lowest = of_profiles(tensor, of_repeat, "lowest", snakemake.input.subsets)
        test = tensor.take(lowest == TEST)
        for percent in sizes.query("left_out == ''")["percent"]:
            completion = run_method(
                variant["method"],
                observed=tensor.take(is_trained_on(lowest, percent)),
                wanted=test.pairs,
                side=side,
                rng=generator(snakemake.params.seed, "density", *stream, percent, repeat),
                options=variant["options"],
            )
            pct = pooled_pct(test.profiles, completion.profiles)
            rows.append({"method": names.method, "repeat": repeat, "percent": percent, "pct": pct})
    columns = ["method", "repeat", "percent", "pct"]
    write_table(pd.DataFrame(rows, columns=columns), snakemake.output[0])
