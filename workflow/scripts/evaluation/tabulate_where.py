"""Tell where which method predicts best, and which keep the drugs' cell specificity."""

import pandas as pd

from lacuna.evaluation.compare import best_method_per_profile, where_methods_win
from lacuna.evaluation.specificity import specificity_kept
from lacuna.evaluation.tables import conclude_where, kept_table, where_table
from lacuna.io.tsv import write_table
from lacuna.report.page import write_page
from lacuna.runtime.script_log import log_script
from lacuna.runtime.seeds import generator
from lacuna.tensor.profiles import ProfileSet


def read_all(paths: list[str]) -> pd.DataFrame:
    return pd.concat(
        pd.read_csv(path, sep="\t", dtype={"drug": str, "cell": str}, keep_default_na=False)
        for path in paths
    )


with log_script(snakemake.log[0]):
    tensor = ProfileSet.load(snakemake.input.tensor)
    best = best_method_per_profile(read_all(snakemake.input.profiles))
    rng = generator(snakemake.params.seed, "where")
    where = where_methods_win(best, tensor, rng)
    kept = specificity_kept(read_all(snakemake.input.specificity), rng)
    write_table(where, snakemake.output.where)
    write_table(kept, snakemake.output.specificity)
    write_page(
        snakemake.output.page,
        f"Where which method predicts best: {snakemake.params.data}",
        conclude_where(where),
        [
            ("By the drug's cells and the cell's drugs", where_table(where)),
            ("Cell specificity of drugs, predicted against measured", kept_table(kept)),
        ],
    )
