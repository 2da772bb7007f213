"""From the network of the first fold to a model that others can use."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from lacuna.io.h5ad import read_written
from lacuna.retrieval.data import read_fold
from lacuna.retrieval.model import Calibration, Retriever, save_retriever, scalers_of
from lacuna.retrieval.molecules import read_encoded
from lacuna.retrieval.rank_jobs import read_network
from lacuna.retrieval.ranks import ranks
from lacuna.retrieval.split import TEST, TRAINING

UNKNOWN = Calibration(np.zeros(0), np.zeros(0))  # until held-out queries were ranked


def assemble_retriever(
    files: Mapping[str, Any],
    output: str,
    *,
    encoders: Sequence[str],
    options: Mapping[str, Mapping[str, Any]],
    lines: Mapping[str, Sequence[str]],
    blocks: Sequence[str],
) -> None:
    """Write the model: network, features, scales, and what held-out queries say of its ranks.

    Parameters
    ----------
    files
        The cut, encoded molecules, the network.
    output
        Where to write.
    encoders, options, lines, blocks
        See the configuration; blocks are features.
    """
    fold = read_fold(files, 0, lines, blocks)
    encoded = dict(zip(encoders, map(read_encoded, files["encoded"]), strict=True))
    (path,) = files["aligned"]
    source, network = read_network(path)
    training, side = fold.sides[TRAINING], fold.sides[TEST]
    model = Retriever(
        genes=read_written(files["treated"]).var.index.astype(str),
        features=fold.features,
        source=source,
        options={name: dict(options[name]) for name in encoders if options.get(name)},
        scalers=scalers_of(encoded, source, training.molecules["smiles"].tolist()),
        network=network,
        calibration=UNKNOWN,
        training={
            "level": "level5" if training.control is None else "level3",
            "lines": ", ".join(sorted(set(training.wells["cell"]))),
            "drugs": str(len(training.molecules)),
        },
    )
    places = network.embed_profiles(fold.profiles(TEST))
    found = model.embed_molecules(side.molecules["smiles"].tolist())
    distances = model.distances(places, found)
    rank = ranks(distances, side.molecule)
    calibration = Calibration.of(distances, side.molecule, rank)
    save_retriever(output, replace(model, calibration=calibration))
    print(f"Calibrated on {len(rank)} held-out queries among {len(side.molecules)} structures.")
