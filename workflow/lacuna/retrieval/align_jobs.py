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
from lacuna.retrieval.card import APPEND, ENCODER
from lacuna.retrieval.compare import WORDS
from lacuna.retrieval.data import Fold, read_fold
from lacuna.retrieval.molecules import Encoded, Source, read_encoded, scaled
from lacuna.retrieval.split import TRAINING, VALIDATION
from lacuna.runtime.seeds import generator

NO_TRIALS = pd.DataFrame(columns=["trial", "median_rank"])


def examples(fold: Fold, encoded: Mapping[str, Encoded], source: Source) -> dict[str, Examples]:
    """Return what a network learns from and is validated on, by role.

    Where the encoder is trained, distances of structures are those of the first encoder.
    """
    roles = (TRAINING, VALIDATION)
    smiles = {role: fold.sides[role].molecules["smiles"].tolist() for role in roles}
    known = {name: scaled(each, smiles, TRAINING) for name, each in encoded.items()}
    blocks, first = fold.features.blocks, next(iter(encoded.values()))
    made = {}
    for role in roles:
        side, of_role = fold.sides[role], {name: known[name][role] for name in known}
        read = source.read(smiles[role], of_role)
        alone = not isinstance(read, np.ndarray) or not source.append
        alike = (first if source.trained else encoded[source.encoder]).alike
        made[role] = Examples(
            side.pairs(
                fold.profiles(role),
                read if isinstance(read, np.ndarray) else of_role[first.encoder],
                alike if alone else "correlation",
            ),
            molecules=None if isinstance(read, np.ndarray) else read,
            line=side.wells["cell"].to_numpy(),
            group=side.twins,
            blocks=len(blocks),
            treated=blocks.index("treated") if "treated" in blocks else 0,
        )
    return made


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
    of_encoders: Mapping[str, Mapping[str, Any]],
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
    of_encoders
        Options of encoders, by name.
    seed
        Of the run.
    """
    settings = dict(options)
    encoder, append = settings.pop(ENCODER, encoders[0]), settings.pop(APPEND, "")
    source = Source(encoder, append, dict(of_encoders.get(encoder, {})))
    encoded = {
        name: read_encoded(path) for name, path in zip(encoders, files["encoded"], strict=True)
    }
    learnt = examples(read_fold(files, fold, lines, blocks), encoded, source)
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
    hdf5.save(output["model"], {**model.state(), "of": source.state()})
    write_table(table, output["trials"])
    assert model.losses is not None
    write_table(model.losses, output["losses"])
