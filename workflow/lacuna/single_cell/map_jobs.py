"""What a network makes of drugs and doses, laid out in two dimensions: figure 3 of the paper."""

import pandas as pd

from lacuna.drawing.layout import lay_out
from lacuna.io.tsv import read_table, write_table
from lacuna.runtime.seeds import generator

MAP = ("single_cell", "map")  # the words of its random stream
FACTS = ["model", "drug", "dose", "pathway", "held_out"]


def map_drugs(latent: str, output: str, *, model: str, seed: int) -> None:
    """Lay out the latent perturbations of all drugs and doses, in one map.

    Parameters
    ----------
    latent
        The table that `lacuna.single_cell.train_jobs.predict_unseen` writes: drug, dose, pathway,
        held_out, and the numbers z_1, z_2, ...
    output
        Where to write the table: model, drug, dose, pathway, held_out, x, y.
    model
        The name of the network.
    seed
        The run's seed.
    """
    table = read_table(latent)
    numbers = [str(name) for name in table if str(name).startswith("z_")]
    rng = generator(seed, *MAP)
    at = lay_out(table[numbers].to_numpy(), rng, seed, "euclidean")
    facts = table.assign(model=model)[FACTS]
    write_table(pd.concat([facts, pd.DataFrame({"x": at[:, 0], "y": at[:, 1]})], axis=1), output)
