"""The model file of DeepCellState: a trained network, and what it was trained on.

It is read, checked and asked without PyTorch (`lacuna.completion.cell_network`);
`lacuna.completion.methods.deepcellstate` makes PyTorch's network of it again.
"""

import json
import platform
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from lacuna.completion.cell_network import AllWeights, check_weights, translate
from lacuna.completion.interface import SideInformation
from lacuna.completion.model import digest_of
from lacuna.completion.shared.other_cells import INPUTS
from lacuna.errors import DamagedFile, LacunaError, listed
from lacuna.io.model_file import ModelFile, part
from lacuna.tensor.joined import described
from lacuna.tensor.profiles import ProfileSet

FILE = ModelFile(
    "cell_to_cell",
    "profiles from cell to cell",
    place="results/DATASET/completed/deepcellstate.model.h5 or cell_to_cell/model.h5",
)
METHOD = "deepcellstate"
UNIT, Z = "unit", "z"  # what profiles the network learnt from: of length 1, or as they came
SCALES = {UNIT: "profiles of unit length", Z: "z-scores as the data have them"}
PACKAGES = ("torch", "numpy")  # whose versions a model names, beside Lacuna's and Python's
FACTS = ("name", "scale", "largest", "inputs", "fallback", "shape", "options", "digest", "versions")
ABOUT = ("dataset", "simulated")
WEIGHTS = "weights."
AGAIN = "Train it again: remove the model's file, and run the workflow."


@dataclass(frozen=True)
class TrainedOn:
    """What a network was trained on, as its model file says.

    Attributes
    ----------
    genes : DataFrame of str
        gene (id) and symbol (empty where not known), in the network's order.
    cells : array of str
        Of the grid.
    drugs : DataFrame of str
        drug (id) and name, of those with profiles in training.
    scale : str
        `UNIT` or `Z`.
    digest : str
        Of the training profiles, see `lacuna.completion.model.digest_of`.
    name : str
        What the run calls the method.
    options : mapping
        Of the method, as the configuration gives them.
    facts : mapping of str to str
        `ABOUT`: of the run.
    """

    genes: pd.DataFrame
    cells: np.ndarray
    drugs: pd.DataFrame
    scale: str
    digest: str
    name: str
    options: Mapping[str, Any]
    facts: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        training: ProfileSet,
        drugs: pd.DataFrame,
        genes: pd.DataFrame,
        name: str,
        options: Mapping[str, Any],
        **facts: str,
    ) -> "TrainedOn":
        """Describe training profiles.

        Parameters
        ----------
        training
            The profiles that `fit` saw.
        drugs, genes
            Tables with drug and name, gene and symbol; of the grid or more, in any order.
        name, options, **facts
            See `TrainedOn`.

        Raises
        ------
        LacunaError
            If a drug or a gene of the grid has no row, or two.
        """
        of_drug = described(training, "drugs", drugs, "drugs.tsv")[["drug", "name"]]
        length = np.linalg.norm(training.profiles, axis=1)
        return cls(
            described(training, "genes", genes, "genes.tsv")[["gene", "symbol"]].fillna(""),
            training.cells,
            of_drug.iloc[np.unique(training.drug)].reset_index(drop=True).fillna(""),
            UNIT if np.allclose(length, 1, atol=1e-3) else Z,
            digest_of(training, SideInformation()),
            name,
            options,
            facts,
        )


@dataclass(frozen=True)
class CellModel:
    """A network that was kept.

    Attributes
    ----------
    trained_on : TrainedOn
    decoders : int array of shape (cells,)
        The number of each cell's decoder; -1 where it had no profile in training.
    largest : float
        What profiles are divided by: the largest absolute value of training.
    inputs, fallback : str
        See `lacuna.completion.methods.deepcellstate.fit`.
    shape : mapping
        Of the network, see `lacuna.networks.cell_states.Shape`, and `slope`, that of its
        rectifiers below 0.
    weights : mapping of str to float32 array
        By their names in PyTorch; perhaps still in the file.
    versions : mapping of str to str
        Of lacuna, python and `PACKAGES`, that trained it.
    """

    trained_on: TrainedOn
    decoders: np.ndarray
    largest: float
    inputs: str
    fallback: str
    shape: Mapping[str, Any]
    weights: Mapping[str, np.ndarray]
    versions: Mapping[str, str] = field(default_factory=dict)

    @property
    def reached(self) -> list[str]:
        """The cells that have a decoder."""
        return [str(cell) for cell in self.trained_on.cells[self.decoders >= 0]]

    def save(self, path: str | Path) -> None:
        """Write one HDF5 file, which appears whole or not at all.

        Raises
        ------
        UnwritableFile
            If the disk is full, or the folder may not be written to.
        """
        on = self.trained_on
        values = {
            "name": on.name,
            "scale": on.scale,
            "largest": repr(float(self.largest)),
            "inputs": self.inputs,
            "fallback": self.fallback,
            "shape": json.dumps(dict(self.shape), sort_keys=True),
            "options": json.dumps(dict(on.options), sort_keys=True),
            "digest": on.digest,
            "versions": json.dumps(dict(self.versions) or versions_now(), sort_keys=True),
        }
        content = {
            "genes": on.genes,
            "cells": pd.DataFrame({"cell": on.cells, "decoder": self.decoders}),
            "drugs": on.drugs,
        }
        weights = {f"{WEIGHTS}{name}": array for name, array in self.weights.items()}
        FILE.save(path, {**values, **on.facts}, {**content, **weights})

    @classmethod
    def load(cls, path: str | Path, lazy: bool = False) -> "CellModel":
        """Read a file that `save` wrote; nothing in it is executed.

        Parameters
        ----------
        path
            The file.
        lazy
            Leave the weights in the file until they are used.

        Raises
        ------
        DamagedFile
            If the file is damaged.
        LacunaError
            If it is missing, no such model, or of another version of the format.
        """
        facts, content = FILE.load(path, FACTS, AllWeights(WEIGHTS) if lazy else ())
        try:
            model = cls._of(facts, content)
            model._check()
        except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
            fault = f"its parts do not make a model ({error}). {AGAIN}"
            raise DamagedFile(path, fault) from error
        return model

    @classmethod
    def _of(cls, facts: Mapping[str, str], content: Mapping[str, Any]) -> "CellModel":
        axes = {
            name: _table(content[name], columns)
            for name, columns in {
                "genes": ["gene", "symbol"],
                "cells": ["cell", "decoder"],
                "drugs": ["drug", "name"],
            }.items()
        }
        texts = [_texts(axes[name]) for name in ("genes", "drugs")]
        on = TrainedOn(
            texts[0],
            axes["cells"]["cell"].astype(str).to_numpy(object),
            texts[1],
            facts["scale"],
            facts["digest"],
            facts["name"],
            _mapping(facts["options"]),
            {name: facts[name] for name in ABOUT if name in facts},
        )
        return cls(
            on,
            axes["cells"]["decoder"].to_numpy(),
            float(facts["largest"]),
            facts["inputs"],
            facts["fallback"],
            _mapping(facts["shape"]),
            part(content, WEIGHTS),
            _mapping(facts["versions"]),
        )

    def _check(self) -> None:
        """Check that the parts are of one network.

        Raises
        ------
        KeyError, TypeError, ValueError
            If not.
        """
        on, shape = self.trained_on, self.shape
        if on.scale not in SCALES or self.inputs not in INPUTS:
            raise ValueError(f"scale {on.scale!r}, inputs {self.inputs!r}")
        if not 0 < self.largest < np.inf or not 0 <= shape["slope"] < 1:
            raise ValueError(f"largest value {self.largest!r}, slope {shape['slope']!r}")
        for axis in (on.genes["gene"], pd.Series(on.cells), on.drugs["drug"]):
            if axis.duplicated().any() or axis.eq("").any():
                raise ValueError("a gene, cell or drug stands twice, or has no name")
        if shape["genes"] != len(on.genes):
            raise ValueError(f"{len(on.genes)} genes, and a network of {shape['genes']}")
        decoders = self.decoders[self.decoders >= 0]
        if self.decoders.dtype.kind not in "iu" or (self.decoders < -1).any():
            raise ValueError("decoders are no whole numbers from -1 on")
        if sorted(decoders) != list(range(len(decoders))):
            raise ValueError("decoders are not numbered one by one")
        check_weights(self.weights, shape, len(decoders))

    def check_fits(self, tensor: ProfileSet) -> None:
        """Check that its genes and cells are those of a tensor, in this order.

        Raises
        ------
        LacunaError
            Naming the first that differ.
        """
        on = self.trained_on
        for axis, learnt in (("genes", on.genes["gene"].to_numpy(object)), ("cells", on.cells)):
            given = getattr(tensor, axis)
            if list(map(str, learnt)) != list(map(str, given)):
                other = [str(name) for name in given if str(name) not in set(map(str, learnt))]
                what = f"others, as {listed(other, 3)}" if other else "these in another order"
                raise LacunaError(
                    f"the model {on.name} was trained on {len(learnt):,} {axis}, and the tensor "
                    f"has {len(given):,}: {what}. {AGAIN}"
                )

    def translate(self, profiles: np.ndarray, cell: int) -> np.ndarray:
        """Return what profiles, whatever cells they are of, would be in a cell.

        Parameters
        ----------
        profiles : array of shape (n, genes)
            As the training profiles were (see `SCALES`), in the order of its genes.
        cell
            The position of one with a decoder.

        Returns
        -------
        float32 array of shape (n, genes)

        Raises
        ------
        DamagedFile
            If weights that are still in the file are damaged.
        LacunaError
            If weights are no numbers.
        """
        scaled = (profiles / self.largest).astype(np.float32)
        decoder = int(self.decoders[cell])
        translated = translate(self.weights, self.shape, decoder, scaled)
        if not np.isfinite(translated).all():
            raise LacunaError(f"the model {self.trained_on.name} gives what is no number. {AGAIN}")
        return translated * np.float32(self.largest)


def versions_now() -> dict[str, str]:
    """Return the versions of what trains a network here."""
    import lacuna

    found = {"lacuna": lacuna.__version__, "python": platform.python_version()}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "unknown"
    return found


def _table(value: object, columns: list[str]) -> pd.DataFrame:
    if not isinstance(value, pd.DataFrame):
        raise TypeError(f"no table of {listed(columns)}")
    return value[columns]


def _texts(table: pd.DataFrame) -> pd.DataFrame:
    return table.fillna("").astype(str).astype(object)


def _mapping(text: str) -> dict[str, Any]:
    found = json.loads(text)
    if not isinstance(found, dict):
        raise TypeError(f"{text[:40]!r} is no mapping")
    return found
