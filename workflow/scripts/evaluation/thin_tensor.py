"""Draw the test set and the nested training sets of each repeat of the density experiment."""

import pandas as pd

from lacuna.evaluation.density import densities, thin, thin_table
from lacuna.io.tsv import write_table
from lacuna.runtime.job import job
from lacuna.runtime.seeds import generator
from lacuna.tensor.profiles import ProfileSet

with job(snakemake):
    tensor = ProfileSet.load(snakemake.input[0])
    sizes = densities(tensor, snakemake.params.percents)
    print(sizes.to_string(index=False))
    tables = []
    for repeat in range(snakemake.params.repeats):
        # The stream leaves out the method: all methods see the same subsets.
        rng = generator(snakemake.params.seed, "thin", repeat)
        tables.append(thin_table(tensor, repeat, thin(tensor, snakemake.params.percents, rng)))
    write_table(pd.concat(tables), snakemake.output.subsets)
    write_table(sizes, snakemake.output.sizes)
