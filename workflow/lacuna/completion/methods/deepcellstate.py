"""DeepCellState (Umarov et al. 2021, PLoS Comput Biol 17:e1009465).

An autoencoder whose encoder all cells share, and whose decoders are the cells' own: a drug's
profile in one cell is encoded, and decoded as what it would be in another. The schedule is that of
the authors' code (umarov90/DeepCellState), without its faults: profiles are scaled by the largest
value of training only, and validation sees training drugs only.

    h = encoder(x_dc),   x_de = decoder_e(h)   for every other cell e; predictions are averaged

with the squared error, dropout, and an L1 penalty on h.

Assumptions
-----------
What a drug does has one latent state, whatever the cell, and each cell shows it in its own way. The
drug was measured in another cell. Hundreds of drugs at least were measured in several cells.

When it fails
-------------
With few drugs: it has far more weights than there are profiles. A drug in no other cell falls back
on another method. Another start of the training gives other predictions. Training takes minutes to
hours on a processor.
"""

from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import numpy as np
import pandas as pd

from lacuna.completion.card import OTHER_CELLS, ComputeDevice, Fallback, Method, Option
from lacuna.completion.interface import Predict, SideInformation, Trained
from lacuna.completion.registry import find_method
from lacuna.completion.shared.other_cells import INPUTS, prepare_from_others
from lacuna.io.atomic import explain_read_errors, write_whole
from lacuna.runtime.device import find_device
from lacuna.tensor.profiles import ProfileSet

if TYPE_CHECKING:  # PyTorch is imported where it is used: reading the card must not take a second
    import torch
    from torch import nn

    from lacuna.networks.cell_states import CellStates

METHOD = Method(
    label="DeepCellState",
    summary="an autoencoder with one encoder for all cells and a decoder for each",
    source="Umarov et al. 2021, https://doi.org/10.1371/journal.pcbi.1009465",
    needs=(OTHER_CELLS,),
)


@dataclass(frozen=True)
class Regularisation:
    """What keeps the network from overfitting.

    Attributes
    ----------
    input_dropout, decoder_dropout
        See `lacuna.networks.cell_states.Shape`.
    latent_l1
        Weight of the sum of the absolute latent values, per profile.
    """

    input_dropout: float
    latent_l1: float
    decoder_dropout: float


# The presets of the authors' code, 0 to 3.
PRESETS = {
    "transfer": Regularisation(0.1, 0, 0.5),
    "many_cells": Regularisation(0.2, 1e-8, 0.8),
    "two_cells": Regularisation(0.5, 1e-7, 0.8),
    "external": Regularisation(0.5, 1e-4, 0.9),
}


def fit(
    observed: ProfileSet,
    side: SideInformation,
    rng: np.random.Generator,
    work: Path | None = None,
    *,
    per_gene: Annotated[
        bool,
        Option(
            "true: the network of the authors' code, 64.7 million weights and one more decoder of "
            "32 million for each cell, which wants a GPU; false: that of their text, plain layers "
            "of 512 and 256"
        ),
    ] = False,
    latent: Annotated[int, Option("size of the latent layer", ge=1)] = 128,
    regularisation: Annotated[
        str,
        Option(
            "dropout and L1 as in the authors' code; auto: two_cells for two cells, many_cells for "
            "more",
            choices=("auto", *PRESETS),
        ),
    ] = "auto",
    dropout: Annotated[bool, Option("false leaves dropout out, to show what it is worth")] = True,
    latent_l1: Annotated[
        bool, Option("false leaves the L1 penalty out, to show what it is worth")
    ] = True,
    skip: Annotated[
        bool, Option("false leaves the skip connection out, to show what it is worth")
    ] = True,
    learning_rate: Annotated[float, Option("of Adam", gt=0)] = 1e-4,
    batch: Annotated[int, Option("number of profiles of a step", ge=1)] = 128,
    inputs: Annotated[
        str,
        Option(
            "what a prediction is made from: all profiles of the drug in other cells, one by one, "
            "and averaged; their mean; or a single one, at random",
            choices=INPUTS,
        ),
    ] = "all",
    fallback: Fallback = "mean_2d",
    device: ComputeDevice = "auto",
) -> "DeepCellState":
    """Train in three stages: a common autoencoder; each cell's decoder in turn; decoders alone.

    First all profiles are encoded and decoded alike. Then, in rounds over the cells in a random
    order, the encoder and a cell's decoder learn to predict the cell's profiles from themselves
    and from those of the same drugs in other cells. At last each decoder learns the latter only,
    ten times slower, while the encoder stays as it is.

    Raises
    ------
    LacunaError
        If there is no such fallback or device.
    """
    from lacuna.completion.shared.paired import train_on_pairs
    from lacuna.completion.trainers.deepcellstate import PairedCellStates
    from lacuna.networks.cell_states import Shape

    find_method(fallback)
    if regularisation == "auto":
        regularisation = "two_cells" if len(np.unique(observed.cell)) == 2 else "many_cells"
    preset = PRESETS[regularisation]
    shape = Shape(
        genes=len(observed.genes),
        latent=latent,
        per_gene=per_gene,
        input_dropout=preset.input_dropout if dropout else 0,
        decoder_dropout=preset.decoder_dropout if dropout else 0,
        skip=skip,
    )
    build = partial(
        PairedCellStates,
        shape=shape,
        latent_l1=preset.latent_l1 if latent_l1 else 0,
        learning_rate=learning_rate,
        batch=batch,
    )
    trained, losses = train_on_pairs(build, observed, rng, work, device)
    paired = trained.paired
    return DeepCellState(trained.network, paired.numbers, paired.scale, inputs, fallback, losses)


@dataclass(frozen=True)
class DeepCellState(Trained):
    """A trained network that predicts a drug's profile in a cell from those in others.

    Attributes
    ----------
    network : CellStates
    cells : int array of shape (cells,)
        The number of each cell's decoder; -1 where it had no profile in training.
    scale : float
        What profiles are divided by: the largest absolute value of training.
    inputs, fallback
        See `fit`.
    losses : DataFrame
        How the training went.
    """

    network: "CellStates"
    cells: np.ndarray
    scale: float
    inputs: str
    fallback: str
    losses: pd.DataFrame | None

    def prepare(self, known: ProfileSet, wanted: np.ndarray, rng: np.random.Generator) -> Predict:
        able = np.broadcast_to(self.cells >= 0, (len(self.cells),) * 2)
        return prepare_from_others(
            known, wanted, self.translate, able, rng, self.fallback, self.inputs
        )

    def save(self, path: str | Path) -> None:
        """Write what `load` needs to one file, which appears whole or not at all."""
        import torch

        content = {
            "shape": asdict(self.network.shape),
            "weights": self.network.state_dict(),
            "cells": self.cells.tolist(),
            **{name: getattr(self, name) for name in ("scale", "inputs", "fallback")},
        }
        with write_whole(path) as unfinished:
            torch.save(content, unfinished)

    @classmethod
    def load(cls, path: str | Path, device: str = "auto") -> "DeepCellState":
        """Read a file that `save` wrote; nothing in it is executed.

        Raises
        ------
        DamagedFile
            If the file is damaged.
        LacunaError
            If the file is missing, or its fallback is no method.
        """
        import torch

        from lacuna.networks.cell_states import CellStates, Shape
        from lacuna.networks.training import fits, read_saved

        content = read_saved(path)
        with explain_read_errors(path):
            shape, weights = Shape(**content.pop("shape")), content.pop("weights")
            cells = content.pop("cells")
            if type(cells) is not list or {*map(type, cells)} != {int}:
                raise TypeError("cells is no list of whole numbers")
            cells = np.array(cells)
            decoders = {name.split(".")[1] for name in weights if name.startswith("decoders.")}
            if cells.min() < -1 or cells.max() + 1 != len(decoders):
                raise ValueError(f"cells have other decoders than the {len(decoders)} it holds")
            with torch.device("meta"):  # no memory for sizes that the weights do not have
                network = CellStates(shape, len(decoders))
            if not fits(weights, network):
                raise ValueError("weights are not those of its network")
            network.load_state_dict(weights, assign=True)
            trained = cls(network, cells, losses=None, **content)
            if not (trained.inputs in INPUTS and 0 < trained.scale < np.inf):
                raise ValueError(f"inputs {trained.inputs!r}, scale {trained.scale!r}")
        find_method(trained.fallback)
        network.to(find_device(device).name)
        return trained

    def translate(self, profiles: np.ndarray, cells: np.ndarray, cell: int) -> np.ndarray:
        """Return what profiles, whatever cells they are of, would be in a cell.

        Parameters
        ----------
        profiles : array of shape (n, genes)
        cells : int array of shape (n,)
            Not used: the encoder is the same for all cells.
        cell
            One with a decoder.

        Returns
        -------
        float32 array of shape (n, genes)
        """
        predicted = self.network.predict(self.scaled(profiles), self.decoder(cell))
        return predicted.cpu().numpy() * np.float32(self.scale)

    def encode(self, profiles: np.ndarray) -> np.ndarray:
        """Return the latent states of profiles, float32 (n, latent)."""
        return self.network.encode(self.scaled(profiles)).cpu().numpy()

    def decoder(self, cell: int) -> "nn.Module":
        """Return the decoder of a cell that has one."""
        return self.network.decoders[self.cells[cell]]

    def scaled(self, profiles: np.ndarray) -> "torch.Tensor":
        """Return profiles as the network takes them, on its device."""
        import torch

        device = next(self.network.parameters()).device
        return torch.as_tensor(profiles / self.scale, dtype=torch.float32, device=device)
