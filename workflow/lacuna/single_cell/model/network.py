"""The network: encoder E, doser S, drug encoder M, lines, decoder D, and two adversaries.

z' = E(x) + z_d + z_c, and D(z') is a mean and a variance of each gene. Hetzel et al. 2022,
https://doi.org/10.48550/arXiv.2204.13545, sections 3.1-3.3. All parts are registered: in the
authors' code of the paper, embeddings of lines and their adversary stand in plain lists, which are
not saved, and stay in training mode when the rest does not. The adversary is not asked then, so
that this fault changes no prediction; it is not reproduced.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from lacuna.single_cell.model.examples import NONE
from lacuna.single_cell.model.molecules import Reader
from lacuna.single_cell.model.settings import Settings


@dataclass(frozen=True)
class Sizes:
    """How much there is of what the network is about.

    Attributes
    ----------
    genes : int
    inner : int
        Genes between adapters, those of pretraining; 0 where there are no adapters.
    vector : int
        Values of a drug's vector.
    drugs, lines : int
        Of the training.
    """

    genes: int
    inner: int
    vector: int
    drugs: int
    lines: int


def perceptron(widths: Sequence[int]) -> nn.Sequential:
    """Return layers of these widths: Linear, BatchNorm and ReLU; the last is linear alone."""
    layers: list[nn.Module] = []
    for before, after in pairwise(widths[:-1]):
        layers += [nn.Linear(before, after), nn.BatchNorm1d(after), nn.ReLU()]
    return nn.Sequential(*layers, nn.Linear(widths[-2], widths[-1]))


class Adversary(nn.Module):
    """A classifier of latent basal states."""

    def __init__(self, widths: Sequence[int]) -> None:
        super().__init__()
        self.hidden = perceptron(widths)[:-1]
        self.output = nn.Linear(widths[-2], widths[-1])

    def forward(self, basal: Tensor) -> tuple[Tensor, Tensor]:
        """Return outputs of shape (cells, classes), and the sum of each cell's.

        The sum is that of the last layer's weights: with 17,203 drugs, its slope costs nothing.
        """
        hidden = self.hidden(basal)
        summed = hidden @ self.output.weight.sum(dim=0) + self.output.bias.sum()
        return self.output(hidden), summed


class Network(nn.Module):
    """All parts. On expression of shape (cells, genes) and drugs' vectors of shape (r, m)."""

    level: Tensor
    spread: Tensor

    def __init__(self, sizes: Sizes, settings: Settings, molecules: nn.Module) -> None:
        """Draw first weights; those of an encoder of molecules stay."""
        super().__init__()
        self.sizes, self.settings = sizes, settings
        inner, latent = sizes.inner or sizes.genes, settings.dimensions
        hidden = [settings.autoencoder_width] * settings.autoencoder_depth
        self.encoder = perceptron([inner, *hidden, latent])
        self.decoder = perceptron([latent, *hidden, 2 * inner])
        doser = [settings.doser_width] * settings.doser_depth
        self.doser = perceptron([sizes.vector + 1, *doser, 1])
        drug = [settings.encoder_width] * settings.encoder_depth
        self.perturbation = perceptron([sizes.vector, *drug, latent])
        self.molecules = molecules
        self.lines = nn.Embedding(sizes.lines, latent)
        adversary = [settings.adversary_width] * settings.adversary_depth
        self.drug_adversary = Adversary([latent, *adversary, sizes.drugs])
        self.line_adversary = Adversary([latent, *adversary, sizes.lines])
        # Each gene's level and spread, where these are taken out; see `standardise`.
        self.register_buffer("level", torch.zeros(sizes.genes))
        self.register_buffer("spread", torch.ones(sizes.genes))
        self.before: nn.Module = nn.Identity()
        self.after: nn.Module = nn.Identity()
        if sizes.inner:
            self.before = nn.Sequential(
                nn.Linear(sizes.genes, inner), nn.BatchNorm1d(inner), nn.ReLU()
            )
            self.after = nn.Sequential(
                nn.BatchNorm1d(2 * inner), nn.ReLU(), nn.Linear(2 * inner, 2 * sizes.genes)
            )

    def standardise(self, level: np.ndarray, spread: np.ndarray) -> None:
        """Take out the level of each gene and its spread before E, and put them back after D."""
        self.level.copy_(torch.from_numpy(level))
        self.spread.copy_(torch.from_numpy(np.where(spread > 0, spread, 1.0)))

    def basal(self, rows: Tensor) -> Tensor:
        """Return latent basal states, of shape (cells, dimensions)."""
        return self.encoder(self.before((rows - self.level) / self.spread))

    def effect(self, vectors: Tensor, dose: Tensor) -> Tensor:
        """Return z_d of drugs, of shape (r, dimensions); doses as the doser reads them, (r,)."""
        parts = (self.doser, self.perturbation)
        if self.training and len(vectors) == 1:  # one row has no variance to learn from
            for part in parts:
                part.eval()
        size = self.doser(torch.cat([vectors, dose[:, None]], dim=1))
        if self.settings.doser == "sigmoid":
            size = torch.sigmoid(size)
        if self.settings.order == "scaled_input":
            effect = self.perturbation(size * vectors)
        else:
            effect = size * self.perturbation(vectors)
        for part in parts:
            part.train(self.training)
        return effect

    def effects(self, reader: Reader, drug: np.ndarray, dose: np.ndarray) -> Tensor:
        """Return z_d of cells, of shape (cells, dimensions): of several drugs, the sum.

        Parameters
        ----------
        reader
            Gives drugs by their numbers.
        drug : int array of shape (cells, k)
            `NONE` for none; a cell without any has a z_d of 0.
        dose : float32 array of shape (cells, k)
            As the doser reads them.
        """
        device = self.lines.weight.device
        row, column = np.nonzero(drug != NONE)
        if not len(row):
            return torch.zeros((len(drug), self.settings.dimensions), device=device)
        vectors = self.molecules(reader.batch(drug[row, column], device.type))
        doses = torch.from_numpy(np.ascontiguousarray(dose[row, column], np.float32)).to(device)
        effect = self.effect(vectors, doses)
        if drug.shape[1] == 1 and len(row) == len(drug):
            return effect
        total = torch.zeros((len(drug), self.settings.dimensions), device=device)
        return total.index_add(0, torch.from_numpy(row).to(device), effect)

    def decode(self, latent: Tensor) -> tuple[Tensor, Tensor]:
        """Return what the decoder says of each gene, two tensors of shape (cells, genes).

        Mean and variance of expression; of counts, the share of the cell's counts that a gene has,
        and its dispersion.
        """
        first, second = self.after(self.decoder(latent)).chunk(2, dim=1)
        second = functional.softplus(second)
        if self.settings.likelihood == "negative_binomial":
            return functional.softmax(first, dim=1), second
        first, second = first * self.spread + self.level, second * self.spread**2
        if self.settings.decoder_activation == "relu":
            first = functional.relu(first)
        return first, second

    def autoencoder(self) -> list[nn.Parameter]:
        """Return the weights of all but the doser and the adversaries."""
        parts = (self.before, self.encoder, self.decoder, self.after)
        rest = (self.perturbation, self.molecules, self.lines)
        return [weight for part in (*parts, *rest) for weight in part.parameters()]

    def adversaries(self) -> list[nn.Parameter]:
        """Return the weights of both adversaries."""
        return [*self.drug_adversary.parameters(), *self.line_adversary.parameters()]
