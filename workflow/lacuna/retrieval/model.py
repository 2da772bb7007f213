"""The model that ranks any library of structures for any profile, and profiles for a structure."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from lacuna.errors import DamagedFile, LacunaError, listed
from lacuna.io.level3 import HIGHEST
from lacuna.io.model_file import ModelFile, part
from lacuna.retrieval.features import Features
from lacuna.retrieval.measures import distances_between
from lacuna.retrieval.molecules import Encoded, Source, scaler_of
from lacuna.retrieval.rank_jobs import restore_network
from lacuna.structures.cache import encode_structures
from lacuna.structures.scaling import Scaler

FILE = ModelFile("retrieval", "a retrieval")
QUANTILES = 1001  # of the distances that unrelated structures have


@dataclass(frozen=True)
class Calibration:
    """What held-out queries say of ranks and distances; of drugs and lines never trained on.

    Attributes
    ----------
    rank_share : float array of shape (queries,)
        Rank of the right structure over library size, of each held-out query, rising.
    others : float array of shape (quantiles,)
        Quantiles of the distance from a query to structures that it was not.
    """

    rank_share: np.ndarray
    others: np.ndarray

    @classmethod
    def of(cls, distances: np.ndarray, truth: np.ndarray, rank: np.ndarray) -> "Calibration":
        """Learn from held-out queries.

        Parameters
        ----------
        distances : array of shape (n, m)
        truth : int array of shape (n,)
            The column of the right structure.
        rank : array of shape (n,)
            Its rank.
        """
        wrong = np.ones(distances.shape, dtype=bool)
        wrong[np.arange(len(truth)), truth] = False
        others = distances[wrong] if wrong.any() else distances.ravel()
        grid = np.linspace(0, 1, QUANTILES)
        return cls(np.sort(rank / distances.shape[1]), np.quantile(others, grid))

    def p_values(self, distances: np.ndarray) -> np.ndarray:
        """Return which share of wrong structures is as near, or nearer, of the same shape."""
        grid = np.linspace(0, 1, len(self.others))
        share = np.interp(distances, self.others, grid)
        return np.clip(share, 1 / len(self.others), 1)

    def recall(self, rank_share: np.ndarray) -> np.ndarray:
        """Return the share of held-out queries whose right structure stood there or before.

        Between two places of the held-out library, it rises evenly: a larger library has more.
        """
        at, count = np.unique(self.rank_share, return_counts=True)
        reached = np.concatenate([[0.0], np.cumsum(count) / count.sum()])
        return np.interp(rank_share, np.concatenate([[0.0], at]), reached)


@dataclass(frozen=True)
class Retriever:
    """A trained model.

    Attributes
    ----------
    genes : Index of str
        Symbols, in the order of the features.
    features : Features
    source : Source
        What molecules are read from.
    options : dict
        Of encoders, by name.
    scalers : dict of Scaler or None
        By encoder; None of fingerprints.
    network : Aligned
    calibration : Calibration
    training : dict of str
        Facts in words: level ("level3" or "level5"), lines, drugs.
    """

    genes: pd.Index
    features: Features
    source: Source
    options: Mapping[str, Mapping[str, Any]]
    scalers: Mapping[str, Scaler | None]
    network: Any
    calibration: Calibration
    training: Mapping[str, str]

    def embed_profiles(self, treated: pd.DataFrame, control: pd.DataFrame | None) -> np.ndarray:
        """Bring profiles into the space.

        Parameters
        ----------
        treated, control
            Samples in rows, symbols in columns: Level 3 expression of treated wells, and of their
            controls; of a model of signatures, signatures and None. Controls called as the profiles
            belong to them one by one; of others, the mean stands for all.

        Returns
        -------
        float32 array of shape (samples, dimensions)

        Raises
        ------
        LacunaError
            If genes are missing, values are not finite, or controls are needed and not given.
        """
        tables = {"profiles": treated} | ({} if control is None else {"controls": control})
        needed = set(self.features.blocks) - {"treated"}
        if needed and control is None:
            raise LacunaError(
                f"retrieval: this model looks at {listed(sorted(needed))}, which needs controls; "
                "give them with --control: vehicle wells, of the same genes."
            )
        rows = {name: self._values(table, name) for name, table in tables.items()}
        said = rows.get("controls")
        if said is not None and control is not None:
            names = pd.Index(control.index)
            if names.is_unique and set(names) == set(treated.index):
                said = said[names.get_indexer(pd.Index(treated.index))]
            else:  # wells of the plate, as in the training
                print(f"The mean of {len(said)} controls stands beside each profile.")
                said = np.repeat(said.mean(axis=0, keepdims=True), len(treated), axis=0)
        return self.network.embed_profiles(self.features.transform(rows["profiles"], said))

    def embed_molecules(self, smiles: Sequence[str], cache: str | Path | None = None) -> np.ndarray:
        """Bring structures into the space, encoded on the fly.

        Parameters
        ----------
        smiles
            Canonical SMILES of parents, as `lacuna.structures.identity.identify` gives them.
        cache
            Where vectors are kept from run to run.

        Returns
        -------
        float32 array of shape (molecules, dimensions)
        """
        known = {}
        for encoder, scaler in self.scalers.items():
            options = self.options.get(encoder, {})
            vectors = encode_structures(encoder, smiles, cache, **options)
            known[encoder] = vectors if scaler is None else scaler.apply(vectors)
        return self.network.embed_molecules(self.source.read(smiles, known))

    def distances(self, profiles: np.ndarray, molecules: np.ndarray) -> np.ndarray:
        """Return how far places of molecules are from places of profiles, float64 (n, m)."""
        return distances_between(profiles, molecules, self.network.network.shape.rank_distance)

    def _values(self, table: pd.DataFrame, name: str) -> np.ndarray:
        missing = self.genes.difference(table.columns)
        if len(missing):
            raise LacunaError(
                f"retrieval: the {name} lack {len(missing)} of the model's {len(self.genes)} genes "
                f"({listed(missing)}); expected all, by symbol, and samples in columns of the "
                "file. The rows of a GCTX are named by --gene-info."
            )
        values = table[self.genes].to_numpy(np.float32)
        if not np.isfinite(values).all():
            row, gene = np.argwhere(~np.isfinite(values))[0]
            raise LacunaError(
                f"retrieval: the {name}: {table.index[row]!r}, gene {self.genes[gene]!r} is "
                f"{values[row, gene]}; expected a number."
            )
        constant = np.flatnonzero(np.ptp(values, axis=1) == 0)
        if len(constant):
            raise LacunaError(
                f"retrieval: the {name}: {table.index[constant[0]]!r} has one value in all genes; "
                "expected a profile. Leave it out."
            )
        if self.training.get("level") == "level3" and (values.min() < 0 or values.max() > HIGHEST):
            raise LacunaError(
                f"retrieval: the {name} have values from {values.min():.3g} to {values.max():.3g}; "
                f"this model reads Level 3: log2 expression from 0 to {HIGHEST:g}."
            )
        return values


def scalers_of(
    encoded: Mapping[str, Encoded], source: Source, smiles: Sequence[str]
) -> dict[str, Scaler | None]:
    """Return the scales of the encoders that a network reads, learnt on training molecules."""
    names = [name for name in (source.encoder, source.append) if name in encoded]
    # A trained encoder reads graphs; one that stands fast tells how many molecules there are.
    return {name: scaler_of(encoded[name], smiles) for name in names or list(encoded)[:1]}


def save_retriever(path: str | Path, model: Retriever) -> None:
    """Write a model to one file, which appears whole or not at all."""
    facts = dict(model.training) | {
        f"options.{name}": json.dumps(dict(options)) for name, options in model.options.items()
    }
    content: dict[str, np.ndarray | pd.DataFrame] = {
        "genes": model.genes.to_numpy(object),
        "of": model.source.state(),
        "rank_share": model.calibration.rank_share,
        "others": model.calibration.others,
        "scaled": np.array(list(model.scalers), dtype=object),
    }
    content |= {f"features.{name}": array for name, array in model.features.state().items()}
    content |= {f"network.{name}": array for name, array in model.network.state().items()}
    for name, scaler in model.scalers.items():
        if scaler is not None:
            content |= {f"scaler.{name}.{key}": array for key, array in scaler.state().items()}
    FILE.save(path, facts, content)


def load_retriever(path: str | Path) -> Retriever:
    """Read a model.

    Raises
    ------
    DamagedFile
        If the file is damaged.
    LacunaError
        If it is missing, no such model, or of another version of the format.
    """
    facts, content = FILE.load(path)
    try:
        source, network = restore_network(part(content, "network.") | {"of": content["of"]})
        scalers: dict[str, Scaler | None] = {}
        for name in map(str, content["scaled"]):
            own = part(content, f"scaler.{name}.")
            scalers[name] = Scaler(**own) if own else None
        options = {
            key.removeprefix("options."): json.loads(value)
            for key, value in facts.items()
            if key.startswith("options.")
        }
        return Retriever(
            pd.Index(content["genes"].astype(str)),
            Features.restore(part(content, "features.")),
            source,
            options,
            scalers,
            network,
            Calibration(content["rank_share"], content["others"]),
            {key: facts[key] for key in ("level", "lines", "drugs") if key in facts},
        )
    except (KeyError, TypeError, ValueError, IndexError, LacunaError) as error:
        raise DamagedFile(path, f"its parts do not make a model ({error})") from error
