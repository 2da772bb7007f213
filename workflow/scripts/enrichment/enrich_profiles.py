"""Ask which gene sets stand at the top or the bottom of cell groups and of completed profiles."""

import pandas as pd

from lacuna.enrichment.groups import cell_groups, completed_profiles
from lacuna.enrichment.preranked import enrich_all
from lacuna.io.gmt import read_gmts
from lacuna.io.tsv import write_table
from lacuna.runtime.job import job
from lacuna.runtime.seeds import generator
from lacuna.tensor.joined import read_described
from lacuna.tensor.profiles import ProfileSet

with job(snakemake):
    sets = read_gmts(snakemake.input.gene_sets)
    asked = []
    if snakemake.params.cell_groups:
        tensor = ProfileSet.load(snakemake.input.tensor)
        drugs, genes = (
            read_described(tensor, axis, snakemake.input[axis]) for axis in ("drugs", "genes")
        )
        asked.append(
            cell_groups(
                tensor,
                drugs["name"].fillna(drugs["drug"]).to_list(),
                genes["symbol"].fillna(genes["gene"].astype(str)).to_list(),
                snakemake.params.drugs,
            )
        )
    if snakemake.params.profiles:
        asked.append(completed_profiles(snakemake.input.product, snakemake.params.profiles))
    found = [
        enrich_all(
            profiles,
            sets,
            snakemake.params.permutations,
            generator(snakemake.params.seed, "enrichment"),
        )
        for profiles in asked
    ]
    write_table(pd.concat(found), snakemake.output[0])
