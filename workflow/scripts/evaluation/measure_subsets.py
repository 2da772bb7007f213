"""Score a method on random subsets of the drugs of the small tensor."""

import pandas as pd

from lacuna.completion.interface import SideInformation
from lacuna.completion.run import run_method
from lacuna.evaluation.correlation import pooled_pct
from lacuna.evaluation.drug_subsets import draw_drugs, hold_out
from lacuna.io.tsv import write_table
from lacuna.runtime.job import job
from lacuna.runtime.seeds import generator
from lacuna.tensor.profiles import ProfileSet

with job(snakemake):
    names, variant = snakemake.wildcards, snakemake.params.variant
    seed, tables = snakemake.params.seed, (snakemake.input.drugs, snakemake.input.baseline)
    tensor = ProfileSet.load(snakemake.input.tensor)
    rows = []
    for drugs in sorted(snakemake.params.drugs):
        if drugs > len(tensor.drugs):
            print(f"left out: {drugs} drugs, of {len(tensor.drugs)} of the small tensor")
            continue
        for repeat in range(snakemake.params.repeats):
            # The stream leaves out the method: all methods see the same drugs and test sets.
            rng = generator(seed, "drugs", drugs, repeat)
            drawn = draw_drugs(tensor, drugs, rng)
            is_test = hold_out(drawn, rng)
            test = drawn.take(is_test)
            completion = run_method(
                variant["method"],
                observed=drawn.take(~is_test),
                wanted=test.pairs,
                side=SideInformation.read(drawn, *tables),
                rng=generator(seed, "subsets", variant["method"], drugs, repeat),
                options=variant["options"],
            )
            pct = pooled_pct(test.profiles, completion.profiles)
            rows.append({"method": names.method, "repeat": repeat, "drugs": drugs, "pct": pct})
    columns = ["method", "repeat", "drugs", "pct"]
    write_table(pd.DataFrame(rows, columns=columns), snakemake.output[0])
