"""The network of DeepCellState: one encoder for all cells, a decoder for each.

Umarov et al. 2021 (PLoS Comput Biol 17:e1009465) describe layers of 512, 256 and 128 units. The
authors' code applies those of 512 and 256 to each gene's value, with weights that all genes share,
before the latent layer sees all genes (64.7 million weights). Both networks are here.
"""

import copy
import math
from dataclasses import dataclass, replace

import torch
from torch import nn

from lacuna.networks.layers import begin_as_keras

WIDE, NARROW = 512, 256
SLOPE = 0.2
CELLS_AT_ONCE = 2**27  # values of the widest layer per pass, where nothing is learned


@dataclass(frozen=True)
class Shape:
    """What the network is like.

    Attributes
    ----------
    genes, latent
        How many.
    per_gene
        The network of the authors' code; else that of their text.
    input_dropout, decoder_dropout
        Shares of the inputs, and of the decoder's last hidden layer, that training drops.
    skip
        Whether each gene's input reaches its output directly, too.
    wide, narrow
        How many units the layers next to the profile, and next to the latent layer, have.
    """

    genes: int
    latent: int
    per_gene: bool
    input_dropout: float
    decoder_dropout: float
    skip: bool
    wide: int = WIDE
    narrow: int = NARROW


class Encoder(nn.Module):
    """Profiles of shape (n, genes) to latent states of shape (n, latent)."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        inputs = 1 if shape.per_gene else shape.genes
        wide, narrow = shape.wide, shape.narrow
        flat = shape.genes * narrow if shape.per_gene else narrow
        self.per_gene = shape.per_gene
        self.dropout = nn.Dropout(shape.input_dropout)
        self.hidden = nn.Sequential(
            nn.Linear(inputs, wide),
            nn.LeakyReLU(SLOPE),
            nn.Linear(wide, narrow),
            nn.LeakyReLU(SLOPE),
        )
        self.latent = nn.Linear(flat, shape.latent, bias=False)

    def forward(self, profiles: torch.Tensor) -> torch.Tensor:
        dropped = self.dropout(profiles)
        if self.per_gene:
            dropped = dropped[..., None]
        return self.latent(self.hidden(dropped).flatten(1))


class Decoder(nn.Module):
    """Latent states, and the profiles they came from, to profiles of shape (n, genes)."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.per_gene, self.narrow = shape.per_gene, shape.narrow
        genes, wide, narrow = shape.genes, shape.wide, shape.narrow
        self.expand = nn.Linear(shape.latent, genes * narrow if self.per_gene else narrow)
        # As the authors' layers are ordered: the first one of a decoder is linear only per gene.
        first = [nn.Linear(narrow, narrow)] if self.per_gene else []
        self.hidden = nn.Sequential(
            *first,
            nn.LeakyReLU(SLOPE),
            nn.Linear(narrow, wide),
            nn.LeakyReLU(SLOPE),
            nn.Dropout(shape.decoder_dropout),
        )
        self.output = nn.Linear(wide, 1 if self.per_gene else genes)
        # The mask of the input that is passed on is another than the encoder's.
        self.dropout = nn.Dropout(shape.input_dropout)
        weights = 0 if not shape.skip else 1 if self.per_gene else genes
        self.passed_on = nn.Parameter(torch.zeros(weights)) if weights else None
        if self.passed_on is not None and self.per_gene:
            # There the input is one more value that the output layer takes, and its weight begins
            # as Keras draws it. The plain network has no such layer, a weight for each gene's own
            # input alone: it begins at 0, so that the latent state has to explain a profile first.
            limit = math.sqrt(6 / (wide + 2))
            nn.init.uniform_(self.passed_on, -limit, limit)

    def forward(self, states: torch.Tensor, profiles: torch.Tensor) -> torch.Tensor:
        expanded = self.expand(states)
        if self.per_gene:
            expanded = expanded.view(len(states), profiles.shape[1], self.narrow)
        output = self.output(self.hidden(expanded))
        if self.per_gene:
            output = output[..., 0]
        if self.passed_on is not None:
            output = output + self.passed_on * self.dropout(profiles)
        return torch.tanh(output)


class CellStates(nn.Module):
    """The encoder, a decoder for all cells together, and one for each cell.

    Attributes
    ----------
    encoder : Encoder
    common : Decoder
    decoders : ModuleList of Decoders
        One per cell; copies of the common one, until each is trained.
    """

    def __init__(self, shape: Shape, cells: int) -> None:
        super().__init__()
        self.shape = shape
        self.encoder, self.common = Encoder(shape), Decoder(shape)
        begin_as_keras(self)
        self.decoders = nn.ModuleList(Decoder(shape) for _ in range(cells))
        self.copy_common()

    def copy_common(self) -> None:
        """Make each cell's decoder a copy of the common one."""
        for decoder in self.decoders:
            decoder.load_state_dict(copy.deepcopy(self.common.state_dict()))

    @property
    def rows_at_once(self) -> int:
        """How many profiles to pass through at once, so that they fit into memory."""
        wide = self.shape.wide * (self.shape.genes if self.shape.per_gene else 1)
        return max(CELLS_AT_ONCE // wide, 1)

    def encode(self, profiles: torch.Tensor) -> torch.Tensor:
        """Return the latent states of profiles; nothing is dropped or learned."""
        self.eval()
        with torch.no_grad():
            return torch.cat([self.encoder(rows) for rows in profiles.split(self.rows_at_once)])

    def predict(self, profiles: torch.Tensor, decoder: nn.Module) -> torch.Tensor:
        """Return what profiles would be in the decoder's cell; nothing is dropped or learned."""
        self.eval()
        with torch.no_grad():
            parts = [
                decoder(self.encoder(rows), rows) for rows in profiles.split(self.rows_at_once)
            ]
        return torch.cat(parts) if parts else profiles

    def with_dropout(self, input_dropout: float, decoder_dropout: float) -> "CellStates":
        """Return a copy with the same weights that drops other shares in training."""
        shape = replace(self.shape, input_dropout=input_dropout, decoder_dropout=decoder_dropout)
        network = CellStates(shape, len(self.decoders)).to(next(self.parameters()).device)
        network.load_state_dict(self.state_dict())
        return network
