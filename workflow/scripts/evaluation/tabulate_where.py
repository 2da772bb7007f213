"""Tell where which method predicts best, and which keep the drugs' cell specificity."""

import pandas as pd

from lacuna.evaluation.compare import best_method_per_profile, where_methods_win
from lacuna.evaluation.parts import CELL, part_table
from lacuna.evaluation.specificity import specificity_kept
from lacuna.evaluation.tables import conclude_where, kept_table, where_table
from lacuna.io.tsv import read_table, write_table
from lacuna.report.page import write_page
from lacuna.runtime.job import job
from lacuna.runtime.seeds import generator
from lacuna.tensor.profiles import ProfileSet


def read_all(paths: list[str]) -> pd.DataFrame:
    return pd.concat(
        pd.read_csv(path, sep="\t", dtype={"drug": str, "cell": str}, keep_default_na=False)
        for path in paths
    )


with job(snakemake):
    tensor = ProfileSet.load(snakemake.input.tensor)
    scores = read_all(snakemake.input.profiles)
    best = best_method_per_profile(scores)
    rng = generator(snakemake.params.seed, "where")
    where = where_methods_win(best, tensor, rng)
    kept = specificity_kept(read_all(snakemake.input.specificity), rng)
    few = snakemake.params.few
    of_few = best_method_per_profile(scores[scores["method"].isin(few)]) if few else None
    where_few = None if of_few is None else where_methods_win(of_few, tensor, rng)
    write_table(where, snakemake.output.where)
    write_table(kept, snakemake.output.specificity)
    write_page(
        snakemake.output.page,
        f"Where which method predicts best: {snakemake.params.data}",
        conclude_where(where),
        [
            ("By the drug's cells and the cell's drugs", where_table(where)),
            *(
                []
                if where_few is None
                else [(f"The same of {len(few)} methods", where_table(where_few))]
            ),
            ("PCT by cell", part_table(read_table(snakemake.input.parts), CELL)),
            ("Cell specificity of drugs, predicted against measured", kept_table(kept)),
        ],
    )
