"""Put all methods' scores at each density into one table, and average them over repeats."""

import pandas as pd

from lacuna.files import write_table
from lacuna.job import logged
from lacuna.metrics import accuracy_by_density

with logged(snakemake.log[0]):
    scores = pd.concat(pd.read_csv(path, sep="\t") for path in snakemake.input)
    write_table(scores, snakemake.output.repeats)
    write_table(accuracy_by_density(scores), snakemake.output.density)
