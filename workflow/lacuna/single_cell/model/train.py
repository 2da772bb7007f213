"""The training of the network, from random weights or from those of a bulk screen.

Hetzel et al. 2022, https://doi.org/10.48550/arXiv.2204.13545.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import numpy as np

from lacuna.completion.card import ComputeDevice, Option
from lacuna.single_cell.model.presets import PRESETS, with_preset
from lacuna.single_cell.model.settings import Settings

if TYPE_CHECKING:
    from lacuna.single_cell.model.examples import Examples
    from lacuna.single_cell.model.trained import Trained
    from lacuna.single_cell.model.validation import Validation

Rate = Annotated[float, Option("learning rate of Adam", gt=0)]
Decay = Annotated[float, Option("weight decay of Adam", ge=0)]
Width = Annotated[int, Option("units of each hidden layer", ge=1)]
Depth = Annotated[int, Option("hidden layers", ge=1)]


@with_preset
def train(
    examples: "Examples",
    validation: "Validation | None",
    rng: np.random.Generator,
    work: Path | None = None,
    start: "Trained | None" = None,
    *,
    preset: Annotated[
        str, Option("what all options are that are not given", choices=tuple(PRESETS))
    ] = "corrected",
    order: Annotated[
        str,
        Option(
            "dose s and vector h of a drug: M(s h), or s M(h)",
            choices=("scaled_input", "scaled_output"),
        ),
    ] = "scaled_output",
    doser: Annotated[
        str, Option("what the doser's output goes through", choices=("linear", "sigmoid"))
    ] = "sigmoid",
    dose: Annotated[
        str,
        Option(
            "raw: micromolar in bulk, nanomolar in cells, 1 in controls; log1p: of micromolar",
            choices=("raw", "log1p"),
        ),
    ] = "log1p",
    controls: Annotated[
        str,
        Option("a drug of its own, of DMSO's structure, or z_d = 0", choices=("drug", "zero")),
    ] = "zero",
    drug_adversary: Annotated[
        str,
        Option(
            "loss of the adversary of drugs; combinations need multi_label",
            choices=("cross_entropy", "multi_label"),
        ),
    ] = "cross_entropy",
    genes: Annotated[
        str,
        Option(
            "as they are, or each without its level and spread in this training, which come back "
            "behind the decoder",
            choices=("raw", "standardised"),
        ),
    ] = "standardised",
    decoder_activation: Annotated[
        str, Option("of predicted means", choices=("linear", "relu"))
    ] = "linear",
    likelihood: Annotated[
        str,
        Option(
            "of expression, or of counts given how many a cell has",
            choices=("gaussian", "negative_binomial"),
        ),
    ] = "gaussian",
    penalty: Annotated[
        str,
        Option("of adversaries' gradients: mean square, or L2 norm", choices=("squares", "norm")),
    ] = "squares",
    base: Annotated[
        str,
        Option(
            "controls that predictions start from, of all lines or of one",
            choices=("pooled", "line"),
        ),
    ] = "line",
    base_cells: Annotated[
        int, Option("most controls of a line that validation starts from; 0: all", ge=0)
    ] = 100,
    offset: Annotated[
        str,
        Option(
            "added to predicted means: nothing, or what the model misses of the line's controls",
            choices=("none", "controls"),
        ),
    ] = "controls",
    variance: Annotated[
        str,
        Option(
            "of a condition: mean of cells' predicted variances, or that and the variance of "
            "their means",
            choices=("mean", "total"),
        ),
    ] = "total",
    new_lines: Annotated[
        str,
        Option(
            "z_c of a line never trained on: the mean of all, or fitted on its controls",
            choices=("mean", "fitted"),
        ),
    ] = "mean",
    score: Annotated[
        str,
        Option(
            "of validation: published: mean r2 of means and variances; change: Pearson "
            "correlation of changes against control",
            choices=("published", "change"),
        ),
    ] = "change",
    checkpoint: Annotated[str, Option("the epoch that is kept", choices=("last", "best"))] = "best",
    extension: Annotated[
        str,
        Option(
            "genes that pretraining had not: linear layers around the network, or weights of "
            "shared genes carried by name",
            choices=("adapters", "matched"),
        ),
    ] = "matched",
    carried_lines: Annotated[
        str, Option("z_c carried over by name, or none", choices=("none", "named"))
    ] = "named",
    dimensions: Annotated[int, Option("of the latent space", ge=1)] = 32,
    autoencoder_width: Width = 256,
    autoencoder_depth: Depth = 4,
    autoencoder_rate: Rate = 1.575e-3,
    autoencoder_decay: Decay = 6.25e-7,
    doser_width: Width = 64,
    doser_depth: Depth = 3,
    doser_rate: Rate = 5.61e-4,
    doser_decay: Decay = 1.33e-7,
    encoder_width: Width = 128,
    encoder_depth: Depth = 4,
    adversary_width: Width = 128,
    adversary_depth: Depth = 3,
    adversary_rate: Rate = 1.19e-3,
    adversary_decay: Decay = 9.8e-6,
    adversary_steps: Annotated[
        int, Option("every so many batches train the adversaries instead; 0: no adversaries", ge=0)
    ] = 3,
    drug_weight: Annotated[float, Option("of the adversary of drugs", ge=0)] = 9.1,
    line_weight: Annotated[float, Option("of the adversary of lines", ge=0)] = 16.17,
    penalty_weight: Annotated[float, Option("of adversaries' gradients", ge=0)] = 0.455,
    batch: Annotated[int, Option("observations in a step", ge=2)] = 256,
    epochs: Annotated[int, Option("passes over the training, at most", ge=1)] = 200,
    step_epochs: Annotated[int, Option("epochs until learning rates fall", ge=1)] = 50,
    gamma: Annotated[float, Option("what learning rates are multiplied by then", gt=0, le=1)] = 0.5,
    clip: Annotated[float, Option("most that a gradient's norm may be; 0: any", ge=0)] = 1.0,
    check_every: Annotated[int, Option("epochs between validations", ge=1)] = 5,
    patience: Annotated[
        int, Option("validations in a row without a better one before it stops", ge=1)
    ] = 10,
    device: ComputeDevice = "auto",
) -> "Trained":
    """Train the network.

    An option that is not given is what its preset says (`lacuna.single_cell.model.presets`).

    Parameters
    ----------
    examples
        What is learnt from.
    validation
        By what the epoch is chosen; None: the training loss stands for it.
    rng
        Decides first weights, batches, and the controls that validation starts from.
    work
        The folder of the checkpoint from which a training that was killed goes on; None for none.
    start
        The model of a bulk screen, whose weights are carried over
        (`lacuna.single_cell.model.transfer`); None for random weights.

    Returns
    -------
    Trained

    Raises
    ------
    LacunaError
        If an option has a value that it cannot have, examples are not finite or too few, they or
        the options do not fit the start, or the loss is no longer a number (`Diverged`).
    """
    arguments = locals()
    settings = Settings(**{name: arguments[name] for name in Settings.__dataclass_fields__})
    settings.check()
    from lacuna.single_cell.model.trainer import run  # imports PyTorch

    return run(examples, validation, rng, work, start, settings)
