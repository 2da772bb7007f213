"""A small world of cells under drugs, whose descriptors say what they do."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from lacuna.single_cell.interface import CONTROL, CONTROL_SMILES, OBS
from lacuna.single_cell.model.examples import Examples
from lacuna.single_cell.model.molecules import Molecules, Source
from lacuna.single_cell.observations import InMemory

TABLE = "planted"  # the encoder that a model is told


@dataclass
class World:
    """What is planted.

    change[d, l, :] is what drug d changes at the dose of full effect in line l; what a dose has of
    it is dose / (dose + 1).
    """

    observations: InMemory
    table: pd.DataFrame
    change: np.ndarray

    @property
    def molecules(self):
        return Molecules.of(Source(TABLE), self.observations.drugs["smiles"], self.table)

    @property
    def drugs(self):
        return list(self.observations.drugs.index)

    @property
    def source(self):
        return Source(TABLE)

    def where(self, drugs, controls=True):
        """Return positions of some drugs, and of controls: all, none, or every so many."""
        obs = self.observations.obs
        own = obs["control"] & bool(controls)
        if not isinstance(controls, bool):
            own &= np.arange(len(obs)) % controls == 0
        return np.flatnonzero(obs["drug"].isin(drugs) | own)

    def examples(self, drugs, controls=True, genes=None):
        """Return some drugs, and controls, as the network learns from them."""
        genes = self.observations.genes if genes is None else genes
        where = self.where(drugs, controls)
        return Examples.of(self.observations, where, genes, self.molecules)


def planted_cells(
    *,
    drugs=40,
    lines=3,
    doses=(0.1, 10.0),
    cells=4,
    controls=40,
    genes=60,
    descriptors=20,
    latent=5,
    effect=1.0,
    noise=0.4,
    seed=0,
    kind="cells",
    names="drug",
    counts=False,
    axis=False,
):
    """Draw a world; the seed decides cells and drugs, and nothing what descriptors mean."""
    world, rng = np.random.default_rng(3), np.random.default_rng([seed, drugs, genes])
    loadings = world.normal(size=(latent, genes))
    meaning = world.normal(size=(descriptors, latent)) / descriptors**0.5
    of_lines = 0.5 * world.normal(size=(lines, latent))
    level = 2 + world.normal(size=genes)
    level_of_lines = level + 0.8 * world.normal(size=(lines, genes))
    if axis:  # lines differ in one direction alone
        place = np.linspace(-1.5, 1.5, lines)
        level_of_lines = level + np.outer(place, world.normal(size=genes))
    described = rng.normal(size=(drugs, descriptors))
    acts = np.tanh(2 * described @ meaning)[:, None, :] * (1 + of_lines)[None]
    change = effect * acts @ loadings / latent**0.5
    rows, values = [], []
    for line in range(lines):
        for _ in range(controls):
            rows.append((CONTROL, f"line {line}", 0.0, True))
            values.append(level_of_lines[line])
        for drug in range(drugs):
            for dose in doses:
                for _ in range(cells):
                    rows.append((f"{names} {drug}", f"line {line}", dose, False))
                    values.append(level_of_lines[line] + change[drug, line] * dose / (dose + 1))
    obs = pd.DataFrame(rows, columns=OBS)
    obs.index = [f"cell {number}" for number in range(len(obs))]
    matrix = np.stack(values) + noise * rng.normal(size=(len(values), genes))
    counted = None
    if counts:
        share = np.exp(matrix)
        mean = share / share.sum(axis=1, keepdims=True) * rng.integers(300, 900, (len(share), 1))
        counted = rng.poisson(mean).astype(np.float32)
        matrix = np.log1p(1000 * counted / counted.sum(axis=1, keepdims=True))
    smiles = ["C" * (number + 1) + "O" for number in range(drugs)]
    table = pd.DataFrame({"smiles": smiles}, index=[f"{names} {d}" for d in range(drugs)])
    for column in ("inchi_key", "block"):
        table[column] = [f"{seed}-{number}" for number in range(drugs)]
    table["scaffold"] = table["pathway"] = ""
    vectors = pd.DataFrame(described.astype(np.float32), index=smiles)
    vectors.loc[CONTROL_SMILES] = 0
    symbols = pd.Index([f"G{number}" for number in range(genes)])
    matrix = matrix.astype(np.float32)
    return World(InMemory(kind, obs, table, symbols, matrix, counted), vectors, change)
