"""Tell where which method predicts best, and which keep the drugs' cell specificity."""

import pandas as pd

from lacuna.files import write_table
from lacuna.job import logged
from lacuna.metrics import best_method_per_profile, specificity_kept, where_methods_win
from lacuna.profiles import ProfileSet
from lacuna.randomness import generator
from lacuna.tables import conclude_where, kept_table, where_table, write_page


def read_all(paths: list[str]) -> pd.DataFrame:
    return pd.concat(
        pd.read_csv(path, sep="\t", dtype={"drug": str, "cell": str}, keep_default_na=False)
        for path in paths
    )


with logged(snakemake.log[0]):
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
