"""The model that others use: a trained network with all that it needs to be used, in one file."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import numpy as np
import pandas as pd

import lacuna
from lacuna.errors import DamagedFile, LacunaError
from lacuna.io.model_file import ModelFile, part
from lacuna.single_cell.expected import REACHED, Expected
from lacuna.single_cell.model.trained import Trained, restore
from lacuna.structures.card import available, encoder_card

FILE = ModelFile("single_cell", "single cells")
PACKAGES = ("torch", "numpy", "scanpy", "anndata")  # whose versions a model names
DRUGS = ["drug", "smiles", "inchi_key", "block"]
NETWORK = "network."
TEXTS = ("data", "target", "model", "start", "fold", "seed", "digest")
WORDS = {"cells": "log(1 + normalised counts)", "signatures": "normal scores of ranks"}


@dataclass(frozen=True)
class Predictor:
    """A trained network, and what it was trained on.

    Attributes
    ----------
    trained : Trained
    drugs : DataFrame with columns smiles, inchi_key, block
        Of the training, by name; controls are none.
    doses : float array
        Of the training, micromolar, rising.
    level : Series of float
        Mean normalised counts of training controls, by symbol: of all genes of the training data,
        not of the network's alone. Their sum is what cells were brought to. Empty of signatures.
    starts : DataFrame, lines x genes
        Where predictions of signatures start from, by line. Empty of cells, which start from
        measured controls.
    ensembl : Series of str
        Ensembl ids of the network's genes by symbol, as far as they are known.
    expected : Expected
        What held-out drugs reached.
    facts : dict of str
        data, target, model, start, fold, seed, digest (of the fold); and version (of Lacuna) and
        versions (of packages, as JSON) of the training.
    """

    trained: Trained
    drugs: pd.DataFrame
    doses: np.ndarray
    level: "pd.Series[float]"
    starts: pd.DataFrame
    ensembl: "pd.Series[str]"
    expected: Expected
    facts: Mapping[str, str]

    @property
    def is_of_cells(self) -> bool:
        """Whether it predicts cells from cells, and not signatures of lines."""
        return self.trained.kind != "signatures"

    def described(self) -> dict[str, str]:
        """Return what the model is, in words."""
        source = self.trained.source
        options = ", ".join(f"{name}: {value}" for name, value in source.options.items())
        described = {
            **self.facts,
            "encoder": f"{source.encoder} ({options})" if options else source.encoder,
            "genes": f"{len(self.trained.genes):,}",
            "lines": ", ".join(self.trained.lines),
            "drugs": f"{len(self.drugs):,}",
            "doses_uM": ", ".join(f"{dose:g}" for dose in self.doses),
            "scale": WORDS.get(self.trained.kind, self.trained.kind),
            "expected": self.expected.in_words(),
        }
        return described | ({"target_sum": f"{self.level.sum():.6g}"} if self.is_of_cells else {})


def versions_of(encoder: str) -> str:
    """Return the versions of packages that decide what a network predicts, as JSON."""
    of_encoder = encoder_card(encoder).packages if encoder in available() else ()
    found = {}
    for name in dict.fromkeys((*PACKAGES, *of_encoder)):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "unknown"
    return json.dumps(found)


def save_predictor(path: str | Path, model: Predictor) -> None:
    """Write a model to one file, which appears whole or not at all."""
    facts = {
        **{name: model.facts[name] for name in TEXTS},
        "version": model.facts.get("version", lacuna.__version__),
        "versions": model.facts.get("versions") or versions_of(model.trained.source.encoder),
        "metric": model.expected.metric,
        "split": model.expected.split,
    }
    content: dict[str, np.ndarray | pd.DataFrame] = {
        "drugs": model.drugs.rename_axis("drug").reset_index()[DRUGS],
        "doses": np.asarray(model.doses, np.float64),
        "level": pd.DataFrame({"gene": model.level.index, "mean": model.level.to_numpy(float)}),
        "lines": model.starts.index.to_numpy(object),
        "starts": model.starts.to_numpy(np.float32),
        "ensembl": pd.DataFrame({"gene": model.ensembl.index, "id": model.ensembl.to_numpy()}),
        "reached": model.expected.reached[REACHED].astype(float),
    }
    content |= {f"{NETWORK}{name}": array for name, array in model.trained.state().items()}
    FILE.save(path, facts, content)


def load_predictor(path: str | Path) -> Predictor:
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
        trained = restore(part(content, NETWORK))
        drugs = _texts(content["drugs"][DRUGS]).set_index("drug")
        level, ensembl = content["level"], _texts(content["ensembl"])
        starts = pd.DataFrame(content["starts"], index=content["lines"].astype(str))
        model = Predictor(
            trained,
            drugs,
            np.asarray(content["doses"], np.float64),
            pd.Series(level["mean"].to_numpy(float), level["gene"].astype(str).to_numpy(object)),
            starts.set_axis(trained.genes, axis=1) if len(starts) else starts,
            pd.Series(ensembl["id"].to_numpy(object), ensembl["gene"].to_numpy(object)),
            Expected(facts["metric"], facts["split"], content["reached"][REACHED]),
            {name: facts[name] for name in (*TEXTS, "version", "versions")},
        )
        _check(model)
    except (KeyError, TypeError, ValueError, IndexError, LacunaError) as error:
        raise DamagedFile(path, f"its parts do not make a model ({error})") from error
    return model


def _check(model: Predictor) -> None:
    """Check that the parts are of one model.

    Raises
    ------
    ValueError
        If not.
    """
    genes = len(model.trained.genes)
    if model.trained.typical.shape != (genes,):
        raise ValueError(f"{len(model.trained.typical)} means of {genes} genes")
    if model.is_of_cells != (len(model.level) > 0) or not np.isfinite(model.level).all():
        raise ValueError(f"{len(model.level)} levels of genes, of {model.trained.kind}")
    if not model.is_of_cells and model.starts.empty:
        raise ValueError("no line to start from")
    numbers = [model.doses, model.starts.to_numpy(float), model.trained.typical]
    if not all(np.isfinite(values).all() for values in numbers):
        raise ValueError("a number is missing")


def _texts(table: pd.DataFrame) -> pd.DataFrame:
    return table.fillna("").astype(str).astype(object)
