"""What networks that learnt ADMET properties see in a molecule: a frozen fingerprint."""

from collections import OrderedDict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np

from lacuna.errors import LacunaError
from lacuna.structures import graphs
from lacuna.structures.card import Choice, Encoder, check_installed

if TYPE_CHECKING:
    from lacuna.structures.message_passing import DMPNN

ADMET_AI = "'admet-ai>=2.0.1,<3'"
ENCODER = Encoder(
    label="ADMET-AI's D-MPNN",
    summary="last layer before the predictions of a D-MPNN that learnt 31 ADMET properties; frozen",
    source="Swanson et al. 2024, https://doi.org/10.1093/bioinformatics/btae416",
    alike="correlation",
    size=300,
    needs=f"{ADMET_AI} 'chemprop>=2.2,<2.3'",
    modules=("admet_ai", "chemprop"),
    extra="retrieval",
    packages=("admet-ai", "chemprop", "rdkit"),
)
HIDDEN, DEPTH = 300, 3
WEIGHTS = "resources/models/admet_{part}/model_0.pt"  # the first of five that were trained alike
BLOCK = "message_passing."  # what names of its weights begin with in a model of chemprop
# What else stands in their files: settings of the training, none of which does anything.
SETTINGS = (
    "chemprop.nn.agg.NormAggregation",
    "chemprop.nn.message_passing.base.BondMessagePassing",
    "chemprop.nn.metrics.BinaryAUPRC",
    "chemprop.nn.metrics.BinaryAUROC",
    "chemprop.nn.metrics.MAE",
    "chemprop.nn.metrics.R2Score",
    "chemprop.nn.predictors.BinaryClassificationFFN",
    "chemprop.nn.predictors.RegressionFFN",
    "chemprop.nn.transforms.GraphTransform",
    "chemprop.nn.transforms.UnscaleTransform",
    "torch.nn.modules.activation.ReLU",
    "torch.nn.modules.linear.Identity",
    "torchmetrics.metric.jit_distributed_available",
    "torchmetrics.utilities.data.dim_zero_cat",
    "torchmetrics.utilities.data.dim_zero_sum",
)
DICTIONARY = "lightning.fabric.utilities.data.AttributeDict"
AT_ONCE = 512  # molecules whose graphs are made together


class _Setting:
    """Stands for what a file says beside weights."""

    def __init__(self, *args: object, **words: object) -> None:
        """Take anything, and keep nothing."""


def encode(
    smiles: Sequence[str],
    *,
    part: Annotated[
        str,
        Choice(
            "which network: of 31 properties of yes or no, of 10 measured ones, or both in a row",
            ("classification", "regression", "both"),
        ),
    ] = "classification",
) -> np.ndarray:
    """Return vectors, float32 of shape (m, 300), or (m, 600) for both; stereo twins may differ.

    Molecules go through one by one, so that a vector does not depend, in its last digits, on the
    company in which its molecule came.

    Raises
    ------
    LacunaError
        If a package is missing, or a structure cannot be read.
    """
    check_installed("admet")
    import torch

    parts = ("classification", "regression") if part == "both" else (part,)
    networks = [pretrained(one).eval() for one in parts]
    vectors = np.zeros((len(smiles), HIDDEN * len(parts)), np.float32)
    with torch.inference_mode(), _one_thread():
        for start in range(0, len(smiles), AT_ONCE):
            molecules = graphs.MoleculeGraphs(smiles[start : start + AT_ONCE])
            for row in range(len(molecules)):
                batch = molecules.batch(np.array([row]))
                found = torch.cat([network(batch) for network in networks], dim=1)
                vectors[start + row] = found.numpy()[0]
    return vectors


@contextmanager
def _one_thread() -> Iterator[None]:
    """Let PyTorch use one thread: for one molecule, more of them wait longer than they work."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def pretrained(
    part: str, descriptors: int = 0, hidden: int = HIDDEN, depth: int = DEPTH
) -> "DMPNN":
    """Return the network of a part with its weights, which may be trained further.

    Raises
    ------
    LacunaError
        If a package is missing, its files are not as expected, or another size is asked for.
    """
    check_installed("admet")
    if (hidden, depth) != (HIDDEN, DEPTH):
        raise LacunaError(
            f"structures: the weights of admet-ai are for hidden {HIDDEN} and depth {DEPTH}, not "
            f"{hidden} and {depth}. Use those, or start from random weights (start: random)."
        )
    import torch

    from lacuna.structures.message_passing import DMPNN

    # Found without importing it: the package draws in a web server's and a plotting library.
    found = find_spec("admet_ai")
    folders = found.submodule_search_locations if found else None
    path = Path((folders or [""])[0]) / WEIGHTS.format(part=part)
    if not path.is_file():
        raise LacunaError(
            f"{path}: no such file, though admet_ai is installed. Lacuna reads the weights of "
            f"version 2; install it: pip install {ENCODER.needs}."
        )
    network = DMPNN(HIDDEN, DEPTH, pooling="norm", descriptors=descriptors)
    try:
        # Nothing of the file is run: each setting becomes an empty object.
        stand_ins: list[Any] = [(_Setting, name) for name in SETTINGS]
        stand_ins.append((OrderedDict, DICTIONARY))
        with torch.serialization.safe_globals(stand_ins):
            saved = torch.load(path, map_location="cpu", weights_only=True)["state_dict"]
        weights = {
            name.removeprefix(BLOCK): weight
            for name, weight in saved.items()
            if name.startswith(BLOCK)
        }
        network.messages.load_state_dict(weights)
    except Exception as error:  # PyTorch raises of many kinds
        raise LacunaError(
            f"{path}: holds other weights than expected ({error}). Lacuna reads those of version "
            f"2; install it anew: pip install --force-reinstall --no-deps {ADMET_AI}."
        ) from error
    return network
