"""What a method learnt of a tensor, kept: it predicts again without learning anything anew.

The file holds what was learnt (weights, slopes, effects, standard errors), not the profiles that
predictions are made from: these are those of the tensor, which the model must fit.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from lacuna.completion.interface import Fitted, Predict, SideInformation
from lacuna.completion.lengths import restored
from lacuna.completion.registry import find_restore, method_of_new_drugs
from lacuna.errors import DamagedFile, LacunaError, listed
from lacuna.io.model_file import ModelFile, part
from lacuna.tensor.profiles import ProfileSet

FILE = ModelFile("completion", "a completion", place="results/DATASET/completed/METHOD.model.h5")
SCALE = (
    "profiles of unit length"  # that the method learnt from, and that predictions are nearest to
)
FACTS = ("name", "method", "of_new_drugs", "scale", "digest")


@dataclass(frozen=True)
class CompletionModel:
    """What a method learnt of a tensor.

    Attributes
    ----------
    name : str
        The method as the run calls it: its own name, or that of a variant.
    method, of_new_drugs : str
        The method that predicts the tensor's gaps, and the one that predicts drugs without any
        profile.
    genes, cells, drugs : arrays of str
        Of the tensor; in its order.
    digest : str
        Of the tensor and the side information, see `digest_of`.
    gaps, new_drugs : mapping of str to array
        What was learnt to predict the tensor's gaps, and drugs without any profile: the states
        that `restore` of the two methods takes.
    """

    name: str
    method: str
    of_new_drugs: str
    genes: np.ndarray
    cells: np.ndarray
    drugs: np.ndarray
    digest: str
    gaps: Mapping[str, np.ndarray]
    new_drugs: Mapping[str, np.ndarray]

    @classmethod
    def learn(
        cls,
        name: str,
        method: str,
        options: Mapping[str, object],
        tensor: ProfileSet,
        side: SideInformation,
        prepared: Predict,
        rng: np.random.Generator,
    ) -> "CompletionModel":
        """Keep what a method learnt to fill a tensor, and let it learn about drugs that are new.

        Parameters
        ----------
        name
            What the run calls the method.
        method, options
            The method; one of which `lacuna.completion.registry.keeps_model` is true.
        tensor, side
            What it was prepared with.
        prepared
            What `lacuna.completion.run.prepare_method` returned.
        rng
            A random stream of its own: it changes nothing of what fills the gaps.
        """
        if not isinstance(prepared, Fitted) or prepared.learn_new_drugs is None:
            raise TypeError(f"what {method} learns cannot be kept")
        print("Of drugs without any profile:")
        return cls(
            name,
            method,
            method_of_new_drugs(method, options),
            tensor.genes,
            tensor.cells,
            tensor.drugs,
            digest_of(tensor, side),
            prepared.state,
            prepared.learn_new_drugs(rng),
        )

    def save(self, path: str | Path) -> None:
        """Write one HDF5 file, which appears whole or not at all.

        Raises
        ------
        UnwritableFile
            If the disk is full, or the folder may not be written to.
        """
        facts = {name: getattr(self, name) for name in FACTS if name != "scale"}
        content = {name: getattr(self, name) for name in ("genes", "cells", "drugs")}
        content |= {f"gaps.{name}": value for name, value in self.gaps.items()}
        content |= {f"new_drugs.{name}": value for name, value in self.new_drugs.items()}
        FILE.save(path, facts | {"scale": SCALE}, content)

    @classmethod
    def load(cls, path: str | Path) -> "CompletionModel":
        """Read a file that `save` wrote.

        Raises
        ------
        DamagedFile
            If the file is damaged.
        LacunaError
            If it is missing, no such model, or of another version of the format.
        """
        facts, content = FILE.load(path, FACTS)
        axes = {name: content.get(name) for name in ("genes", "cells", "drugs")}
        states = {name: part(content, f"{name}.") for name in ("gaps", "new_drugs")}
        is_whole = all(isinstance(axis, np.ndarray) and axis.ndim == 1 for axis in axes.values())
        if not is_whole or not all(states.values()):
            raise DamagedFile(path, "its parts do not make a model. Complete the tensor again.")
        for value in (value for state in states.values() for value in state.values()):
            is_number = isinstance(value, np.ndarray) and value.dtype.kind in "fiu"
            if is_number and not np.isfinite(value).all():
                raise DamagedFile(path, "it holds what is no number. Complete the tensor again.")
        about = {name: facts[name] for name in FACTS if name != "scale"}
        return cls(**about, **axes, **states)  # type: ignore[arg-type] # checked above

    def check_fits(self, tensor: ProfileSet, side: SideInformation) -> None:
        """Check that it was learnt from this tensor.

        Raises
        ------
        LacunaError
            Naming the first thing that differs: genes, cells, drugs, or their profiles.
        """
        for axis in ("genes", "cells", "drugs"):
            learnt, given = getattr(self, axis), getattr(tensor, axis)
            if np.array_equal(learnt, given):
                continue
            other = [name for name in given if name not in set(learnt)]
            what = f"others, as {listed(other, 3)}" if other else "not these, or in another order"
            raise LacunaError(
                f"the model of {self.name} was learnt from {len(learnt):,} {axis}, and the tensor "
                f"has {len(given):,}: {what}. {AGAIN}"
            )
        if digest_of(tensor, side) != self.digest:
            raise LacunaError(
                f"the model of {self.name} was learnt from other profiles, structures or baseline "
                f"expression than the tensor has now. {AGAIN}"
            )

    def predict_gaps(self, tensor: ProfileSet, side: SideInformation) -> Predict:
        """Return what predicted the tensor's gaps.

        Parameters
        ----------
        tensor, side
            That it was learnt from, see `check_fits`.

        Raises
        ------
        LacunaError
            If what was learnt is not whole.
        """
        return self._restored(self.method, tensor, side, self.gaps)

    def predict_new(self, tensor: ProfileSet, side: SideInformation, smiles: np.ndarray) -> Predict:
        """Return what predicts drugs without any profile, by their structure.

        Parameters
        ----------
        tensor, side
            That it was learnt from, see `check_fits`.
        smiles : array of str of shape (n,)
            Structures of the new drugs.

        Returns
        -------
        Predict
            Of pairs of a new drug (0 to n - 1) and a cell of the tensor. Each drug is predicted as
            it would be alone.

        Raises
        ------
        LacunaError
            If no structure is known of the tensor's drugs, or what was learnt is not whole.
        """
        if side.smiles is None:
            raise LacunaError(
                f"no structure is known of any drug that {self.name} learnt from, so structures "
                "tell it nothing. Expected SMILES of the drugs in the tables of the data set."
            )
        known = len(tensor.drugs)
        names = np.array([f"new drug {number}" for number in range(len(smiles))], object)
        extended = replace(tensor, drugs=np.concatenate([tensor.drugs.astype(object), names]))
        structures = np.concatenate([side.smiles.astype(object), np.asarray(smiles, object)])
        predict = self._restored(
            self.of_new_drugs, extended, replace(side, smiles=structures), self.new_drugs
        )
        return lambda pairs: predict(pairs + np.array([known, 0]))

    def _restored(
        self,
        method: str,
        tensor: ProfileSet,
        side: SideInformation,
        state: Mapping[str, np.ndarray],
    ) -> Predict:
        try:
            return restored(find_restore(method), tensor, side, state)
        except (KeyError, IndexError, TypeError, ValueError) as error:
            raise LacunaError(
                f"the model of {self.name}: what {method} learnt is not whole, or does not fit the "
                f"tensor ({error}). {AGAIN}"
            ) from error


AGAIN = "Complete the tensor again: run the workflow, or remove the model's file first."


def digest_of(tensor: ProfileSet, side: SideInformation) -> str:
    """Return the SHA-256 of the profiles, their places and names, structures and baseline."""
    digest = hashlib.sha256()
    names = (tensor.drugs, tensor.cells, tensor.genes, side.smiles)
    numbers = (tensor.profiles, tensor.drug, tensor.cell, side.baseline)
    for texts in names:
        digest.update("\0".join(map(str, () if texts is None else texts)).encode() + b"\1")
    for kind, array in zip("fiif", numbers, strict=True):
        if array is not None:
            digest.update(np.ascontiguousarray(array, f"<{kind}4").data)
    return digest.hexdigest()
