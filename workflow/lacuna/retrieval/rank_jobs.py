"""From wells, molecules and networks of one fold to the ranks of all methods."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from lacuna.io import hdf5
from lacuna.io.tsv import write_table
from lacuna.retrieval.alignment import align as network
from lacuna.retrieval.compare import (
    RAW,
    Row,
    Vectors,
    ask,
    ask_oracles,
    fitted,
    main_row,
    rows_of,
    tabulate,
)
from lacuna.retrieval.data import Fold, read_fold
from lacuna.retrieval.interface import Pairs, Ranker
from lacuna.retrieval.introspect import distance_to_training, equal_fingerprints, scores_of_drugs
from lacuna.retrieval.molecules import Encoded, Source, read_encoded, scaled
from lacuna.retrieval.ranks import Found, ranks
from lacuna.retrieval.score_jobs import MAIN
from lacuna.retrieval.split import ROLES, TEST, TRAINING
from lacuna.structures.card import encoder_card, encoder_module

FINGERPRINT = "morgan"  # that of the paper's figures A2 and A3
BEST = 5  # molecules shown for a query


class Kinds:
    """Profiles and molecules of a fold as methods see them: raw, encoded, aligned.

    Attributes
    ----------
    profiles : dict of dict of array
        By kind and role.
    vectors : dict of Vectors
        By kind.
    """

    def __init__(
        self, fold: Fold, encoded: Mapping[str, Encoded], networks: Mapping[str, tuple[Source, Any]]
    ) -> None:
        """Make them all.

        Parameters
        ----------
        fold
            The wells.
        encoded
            Molecules by encoder.
        networks
            By name of alignment: what it reads molecules from, and the trained network.
        """
        smiles = {role: fold.sides[role].molecules["smiles"].tolist() for role in ROLES}
        self.profiles = {RAW: {role: fold.profiles(role) for role in fold.sides}}
        self.vectors = {
            name: Vectors(scaled(molecules, smiles, TRAINING), molecules.alike)
            for name, molecules in encoded.items()
        }
        for name, (source, model) in networks.items():
            self.profiles[name] = {
                role: model.embed_profiles(rows) for role, rows in self.profiles[RAW].items()
            }
            places = {}
            for role in ROLES:
                known = {encoder: self.vectors[encoder].by_role[role] for encoder in encoded}
                places[role] = model.embed_molecules(source.read(smiles[role], known))
            measure = model.network.shape.rank_distance
            self.vectors[name] = Vectors(places, "correlation", measure)


def read_networks(paths: Sequence[str], names: Sequence[str]) -> dict[str, tuple[Source, Any]]:
    """Read trained networks, each with what it reads molecules from."""
    return {name: read_network(path) for name, path in zip(names, paths, strict=True)}


def read_network(path: str) -> tuple[Source, Any]:
    """Read what `lacuna.retrieval.align_jobs.align` wrote."""
    return restore_network(hdf5.load(path))


def restore_network(state: dict[str, np.ndarray]) -> tuple[Source, Any]:
    """Make a network, and what it reads molecules from, of their state."""
    source = Source.of(state["of"])
    weights = {name: array for name, array in state.items() if name != "of"}
    own = source.options.get("hidden", encoder_card(source.encoder).size)
    return source, network.restore(weights, source.network(int(weights["width"][0]) - int(own)))


def rank_molecules(
    files: Mapping[str, Any],
    output: Mapping[str, str],
    *,
    fold: int,
    methods: Sequence[str],
    encoders: Sequence[str],
    alignments: Sequence[str],
    options: Mapping[str, Mapping[str, Any]],
    lines: Mapping[str, Sequence[str]],
    blocks: Sequence[str],
    shown: int,
    seed: int,
) -> None:
    """Rank molecules for all test queries of a fold, by every method and by oracles.

    Parameters
    ----------
    files
        The cut, encoded molecules in the order of encoders, networks in that of alignments.
    output
        Where to write: ranks, neighbours, examples, fingerprints.
    fold
        Its number.
    methods, encoders, alignments, options, lines, blocks, shown
        See the configuration: blocks are features, shown is examples.
    seed
        Of the run.
    """
    data = read_fold(files, fold, lines, blocks)
    encoded = dict(zip(encoders, map(read_encoded, files["encoded"]), strict=True))
    kinds = Kinds(data, encoded, read_networks(files["aligned"], alignments))
    rows = rows_of(methods, encoders, alignments)
    side, tables = data.sides[TEST], []
    main = main_row(rows)
    for row, ranker, pairs in fitted(
        data, fold, rows, kinds.profiles, kinds.vectors, options, seed
    ):
        print(f"{' / '.join(row)}")
        for asked, found in ask(ranker, side, pairs):
            tables.append(tabulate(row, asked, found, side))
            if row == main and asked == MAIN:
                neighbours = describe_drugs(data, kinds, found)
        if row == main:
            write_table(show(ranker, pairs, data, row, shown, fold), output["examples"])
    compared = {name: kinds.profiles[name] for name in [RAW, *alignments[:1]]}
    block = "difference" if "difference" in blocks else "treated"
    for row, asked, found in ask_oracles(data, compared, block):
        tables.append(tabulate(row, asked, found, side))
    write_table(pd.concat(tables, ignore_index=True), output["ranks"])
    write_table(neighbours.assign(fold=fold), output["neighbours"])
    write_table(equal_bits(data).assign(fold=fold), output["fingerprints"])


def describe_drugs(fold: Fold, kinds: Kinds, found: Found) -> pd.DataFrame:
    """Say how well each test drug was found, and how like training drugs and wells it is.

    Returns
    -------
    DataFrame
        Columns of `lacuna.retrieval.introspect.scores_of_drugs`; tanimoto, and for each encoder
        and alignment molecule_KIND: distance to the nearest training molecule; profile_KIND: mean
        over the drug's wells of the distance to the nearest training profile; genes_changed, where
        there are vehicle wells: mean over the drug's wells.
    """
    side = fold.sides[TEST]
    table = scores_of_drugs(found, side.wells["drug"].to_numpy()).set_index("drug")
    bits = fingerprints(fold)
    near = pd.Series(distance_to_training(bits[TEST], bits[TRAINING], "jaccard"))
    columns = {"tanimoto": near.set_axis(side.molecules.index)}
    for name, vectors in kinds.vectors.items():
        if vectors.alike != "jaccard":
            both = vectors.by_role[TEST], vectors.by_role[TRAINING]
            near = pd.Series(distance_to_training(*both, "correlation"))
            columns[f"molecule_{name}"] = near.set_axis(side.molecules.index)
    for name, of_role in kinds.profiles.items():
        near = pd.Series(distance_to_training(of_role[TEST], of_role[TRAINING], "correlation"))
        columns[f"profile_{name}"] = near.groupby(side.wells["drug"].to_numpy()).mean()
    if "genes_changed" in side.wells:
        changed = side.wells["genes_changed"].astype(float)
        columns["genes_changed"] = changed.groupby(side.wells["drug"].to_numpy()).mean()
    return table.join(pd.DataFrame(columns)).reset_index()


def fingerprints(fold: Fold) -> dict[str, np.ndarray]:
    """Return Morgan fingerprints of the molecules of each role, bool of shape (m, bits)."""
    encode = encoder_module(FINGERPRINT).encode
    return {role: encode(fold.sides[role].molecules["smiles"].tolist()) for role in ROLES}


def equal_bits(fold: Fold) -> pd.DataFrame:
    """Return test molecules that share their fingerprint with a training molecule, both drawn."""
    bits = fingerprints(fold)
    sides = fold.sides[TEST].molecules, fold.sides[TRAINING].molecules
    pairs = equal_fingerprints(
        bits[TEST], bits[TRAINING], sides[0].index.tolist(), sides[1].index.tolist()
    )
    return pairs.assign(
        test_smiles=sides[0]["smiles"].reindex(pairs["test"]).to_numpy(),
        training_smiles=sides[1]["smiles"].reindex(pairs["training"]).to_numpy(),
    )


def show(
    ranker: Ranker, pairs: Pairs, fold: Fold, row: Row, shown: int, number: int
) -> pd.DataFrame:
    """Return some queries with their nearest molecules, chosen by the place of the right one.

    Queries stand evenly from the best found to the worst, so that none is picked for looking well.

    Returns
    -------
    DataFrame with columns fold, row, name, drug, smiles, cell, rank, library, place, found, \
found_smiles, distance
    """
    side = fold.sides[TEST]
    distances = ranker.distances(pairs.profiles, pairs.vectors)
    rank = ranks(distances, side.molecule)
    order = np.argsort(rank, kind="stable")
    chosen = order[np.linspace(0, len(order) - 1, min(shown, len(order))).round().astype(int)]
    rows = []
    for query in chosen:
        well, own = side.wells.iloc[query], side.molecules.iloc[side.molecule[query]]
        best = np.argsort(distances[query], kind="stable")[:BEST]
        for place, molecule in enumerate(best, start=1):
            rows.append(
                {
                    "fold": number,
                    "row": " / ".join(row),
                    "name": side.wells.index[query],
                    "drug": well["drug"],
                    "smiles": own["smiles"],
                    "cell": well["cell"],
                    "rank": rank[query],
                    "library": len(pairs.vectors),
                    "place": place,
                    "found": side.molecules.index[molecule],
                    "found_smiles": side.molecules["smiles"].iloc[molecule],
                    "distance": distances[query, molecule],
                }
            )
    return pd.DataFrame(rows)
