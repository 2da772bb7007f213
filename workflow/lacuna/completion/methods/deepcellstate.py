"""DeepCellState (Umarov et al. 2021, PLoS Comput Biol 17:e1009465).

An autoencoder whose encoder all cells share, and whose decoders are the cells' own: a drug's
profile in one cell is encoded, and decoded as what it would be in another. The schedule is that of
the authors' code (umarov90/DeepCellState), without its faults: profiles are scaled by the largest
value of training only, and validation sees training drugs only: a twentieth of those that were
measured in several cells, as theirs, but at least 20, or a fifth of fewer than 100. They stop each
stage and are not trained on. The authors' run is that of `per_gene: true`, `learning_rate: 0.0001`,
`batch: 128`, `epoch_steps: 1`; all other options are theirs.

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

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
import pandas as pd

from lacuna.completion.card import AUTO, OTHER_CELLS, ComputeDevice, Fallback, Method, Option
from lacuna.completion.cell_model import CellModel, TrainedOn
from lacuna.completion.interface import Predict, SideInformation, Trained
from lacuna.completion.registry import find_method
from lacuna.completion.shared.other_cells import INPUTS, prepare_from_others
from lacuna.errors import LacunaError
from lacuna.io.atomic import explain_read_errors
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
    keeps_network=True,
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


AUTHORS_PROFILES = 3000  # of two cells, about: those of training
IN_A_BLOCK = 3 * 2**27  # values: see `lacuna.networks.cell_states.CELLS_AT_ONCE`
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
    wide: Annotated[int, Option("units of the layers next to the profile", ge=1)] = 512,
    narrow: Annotated[int, Option("units of the layers next to the latent one", ge=1)] = 256,
    learning_rate: Annotated[
        float | str, Option("of Adam; auto: by the number of training profiles", gt=0)
    ] = AUTO,
    batch: Annotated[
        int | str,
        Option("number of profiles of a step; auto: by that of training profiles", ge=1),
    ] = AUTO,
    epochs: Annotated[
        int, Option("of the first stage, and of the last one for each cell, at most", ge=1)
    ] = 100,
    rounds: Annotated[int, Option("rounds over the cells in the second stage, at most", ge=1)] = 98,
    patience: Annotated[
        int, Option("the second stage ends after so many rounds without a better one", ge=1)
    ] = 3,
    epoch_steps: Annotated[
        int,
        Option(
            "steps of an epoch, at least: few profiles are gone through several times; "
            "1: once, as in the authors' code",
            ge=1,
        ),
    ] = 4,
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
    from lacuna.completion.trainers.deepcellstate import Options, PairedCellStates
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
        wide=wide,
        narrow=narrow,
    )
    by_itself = choose_steps(len(observed), per_gene)
    options = Options(
        shape=shape,
        latent_l1=preset.latent_l1 if latent_l1 else 0,
        learning_rate=by_itself.learning_rate if learning_rate == AUTO else float(learning_rate),
        batch=by_itself.batch if batch == AUTO else int(batch),
        epochs=epochs,
        rounds=rounds,
        patience=patience,
        epoch_steps=epoch_steps,
    )
    build = partial(PairedCellStates, options=options)
    trained, losses = train_on_pairs(build, observed, rng, work, device)
    paired = trained.paired
    return DeepCellState(trained.network, paired.numbers, paired.scale, inputs, fallback, losses)


@dataclass(frozen=True)
class Steps:
    """What `auto` stands for: Adam's learning rate, and how many profiles a step takes."""

    learning_rate: float
    batch: int


def choose_steps(profiles: int, per_gene: bool) -> Steps:
    """Choose learning rate and batch for so many training profiles.

    The authors' 1e-4 and 128 are for their network, `per_gene`, and some 3,000 profiles. Plain
    layers have a fiftieth of the weights, and few profiles make few steps: they take 1e-3 and 256,
    which from 3,000 profiles on falls as the square root of their number, as more of them make more
    steps. `make bench-network-options` prints how settings compare on simulated screens.
    """
    if per_gene:
        return Steps(1e-4, 128)
    return Steps(1e-3 / max(1, profiles / AUTHORS_PROFILES) ** 0.5, 256)


def count_weights(
    genes: int, latent: int, wide: int, narrow: int, per_gene: bool
) -> tuple[int, int]:
    """Return how many weights the encoder has, and each decoder with its skip connection."""
    inputs, flat = (1, genes * narrow) if per_gene else (genes, narrow)
    encoder = (inputs + 1) * wide + (wide + 1) * narrow + flat * latent
    first = (narrow + 1) * narrow if per_gene else 0
    decoder = (latent + 1) * flat + first + (narrow + 1) * wide + (wide + 1) * inputs
    return encoder, decoder + inputs


def network_mb(cells: int, genes: int, options: Mapping[str, Any]) -> float:
    """Return the MB of memory that a training needs for the network, with all options of `fit`.

    Three times all weights: the network, its best state, and a checkpoint that is read. Three times
    those of encoder and a decoder, which learn at once: gradients and Adam's moments. And what the
    layers of both return, which is kept for the way back, or what predicts a block without one.
    """
    wide, narrow, per_gene = options["wide"], options["narrow"], options["per_gene"]
    encoder, decoder = count_weights(genes, options["latent"], wide, narrow, per_gene)
    weights = encoder + (1 + cells) * decoder
    batch = choose_steps(0, per_gene).batch if options["batch"] == AUTO else options["batch"]
    kept = batch * 4 * (wide + narrow) * (genes if per_gene else 1)
    return 4e-6 * (3 * weights + 3 * (encoder + decoder) + max(kept, per_gene * IN_A_BLOCK))


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

    def save(self, path: str | Path, trained_on: TrainedOn) -> None:
        """Write a model file, which appears whole or not at all; see `CellModel`."""
        from lacuna.networks.cell_states import SLOPE

        weights = self.network.state_dict()
        CellModel(
            trained_on,
            self.cells,
            self.scale,
            self.inputs,
            self.fallback,
            {**asdict(self.network.shape), "slope": SLOPE},
            {name: values.cpu().numpy() for name, values in weights.items()},
        ).save(path)

    @classmethod
    def load(
        cls, path: str | Path, device: str = "auto", tensor: ProfileSet | None = None
    ) -> "DeepCellState":
        """Read a file that `save` wrote; nothing in it is executed.

        Parameters
        ----------
        path, device
            The file, and where to compute: auto, cpu or cuda.
        tensor
            Whose genes and cells it must have, if any.

        Raises
        ------
        DamagedFile
            If the file is damaged.
        LacunaError
            If the file is missing, no such model, or of another version of the format; its fallback
            is no method; or it is the model of another tensor.
        """
        import torch

        from lacuna.networks.cell_states import SLOPE, CellStates, Shape
        from lacuna.networks.training import fits

        kept = CellModel.load(path)
        weights = {name: torch.from_numpy(values) for name, values in kept.weights.items()}
        with explain_read_errors(path):
            if kept.shape["slope"] != SLOPE:
                raise ValueError(f"its rectifiers have the slope {kept.shape['slope']}")
            shape = Shape(**{key: value for key, value in kept.shape.items() if key != "slope"})
            with torch.device("meta"):  # no memory for sizes that the weights do not have
                network = CellStates(shape, int(kept.decoders.max(initial=-1)) + 1)
            if not fits(weights, network):
                raise ValueError("weights are not those of its network")
            network.load_state_dict(weights, assign=True)
        if tensor is not None:
            try:
                kept.check_fits(tensor)
            except LacunaError as error:
                raise LacunaError(f"{path}: {error}") from None
        find_method(kept.fallback)
        network.to(find_device(device).name)
        return cls(network, kept.decoders, kept.largest, kept.inputs, kept.fallback, None)

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
