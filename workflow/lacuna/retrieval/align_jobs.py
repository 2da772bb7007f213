"""From wells and molecules to a network that brings both into one space."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from lacuna.io import hdf5
from lacuna.io.tsv import write_table
from lacuna.retrieval.alignment import align as network
from lacuna.retrieval.alignment.examples import Examples
from lacuna.retrieval.card import ENCODER
from lacuna.retrieval.compare import WORDS
from lacuna.retrieval.data import Fold, read_fold
from lacuna.retrieval.molecules import Encoded, read_encoded, scaled
from lacuna.retrieval.split import TRAINING, VALIDATION
from lacuna.runtime.seeds import generator

NO_TRIALS = pd.DataFrame(columns=["trial", "median_rank"])


def examples(fold: Fold, encoded: Encoded) -> dict[str, Examples]:
    """Return what a network learns from and is validated on, by role."""
    roles = (TRAINING, VALIDATION)
    smiles = {role: fold.sides[role].molecules["smiles"].tolist() for role in roles}
    vectors = scaled(encoded, smiles, TRAINING)
    blocks = fold.features.blocks
    return {
        role: Examples(
            fold.sides[role].pairs(fold.profiles(role), vectors[role], encoded.alike),
            line=fold.sides[role].wells["cell"].to_numpy(),
            group=fold.sides[role].twins,
            blocks=len(blocks),
            treated=blocks.index("treated") if "treated" in blocks else 0,
        )
        for role in roles
    }


def align(
    files: Mapping[str, Any],
    output: Mapping[str, str],
    *,
    name: str,
    fold: int,
    options: Mapping[str, Any],
    trials: int,
    lines: Mapping[str, Sequence[str]],
    blocks: Sequence[str],
    encoders: Sequence[str],
    seed: int,
) -> None:
    """Train a network, after a search over its settings where one is asked for.

    Parameters
    ----------
    files
        The cut (see `lacuna.retrieval.stage.cut`), and encoded molecules in the order of encoders.
    output
        Where to write: model, losses, trials.
    name, fold
        Of the alignment, and the number of the fold.
    options
        Of `lacuna.retrieval.alignment.align.fit`, and which encoder.
    trials
        How many settings to try.
    lines, blocks, encoders
        See the configuration: lines, features, encoders.
    seed
        Of the run.
    """
    settings = dict(options)
    encoder = settings.pop(ENCODER, encoders[0])
    encoded = read_encoded(files["encoded"][list(encoders).index(encoder)])
    learnt = examples(read_fold(files, fold, lines, blocks), encoded)
    table = NO_TRIALS
    if trials:
        from lacuna.retrieval.alignment.search import search  # imports Optuna

        found = search(
            learnt[TRAINING],
            learnt[VALIDATION],
            generator(seed, WORDS, "search", name, fold),
            trials=trials,
            fixed=settings,
            work=Path(f"{output['trials']}.work"),
        )
        settings, table = dict(found.options), found.trials
    model = network.fit(
        learnt[TRAINING],
        learnt[VALIDATION],
        generator(seed, WORDS, "align", name, fold),
        Path(f"{output['model']}.work"),
        **settings,
    )
    hdf5.save(output["model"], {**model.state(), "of": np.array([encoder], dtype=object)})
    write_table(table, output["trials"])
    write_table(model.losses, output["losses"])
