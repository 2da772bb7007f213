"""A message passing network on molecules' graphs that is trained with the alignment."""

from typing import TYPE_CHECKING, Annotated

from lacuna.structures.card import Choice, Encoder, check_installed
from lacuna.structures.graphs import MoleculeGraphs

if TYPE_CHECKING:
    from lacuna.structures.message_passing import DMPNN

__all__ = ["ENCODER", "MoleculeGraphs", "network"]

ENCODER = Encoder(
    label="D-MPNN",
    summary="messages along directed bonds, trained with the alignment",
    source="Yang et al. 2019, https://doi.org/10.1021/acs.jcim.9b00237",
    alike="correlation",
    size=300,
    trained=True,
    needs="'chemprop>=2.2,<2.3'",
    modules=("chemprop",),
    extra="retrieval",
    packages=("chemprop", "rdkit"),
)


def network(
    descriptors: int = 0,
    *,
    hidden: Annotated[int, Choice("numbers in a vector", (64, 128, 300, 600, 2400))] = 300,
    depth: Annotated[int, Choice("rounds of messages", (2, 3, 4, 5, 6))] = 3,
    start: Annotated[
        str, Choice("weights at the start; admet: those of admet-ai", ("random", "admet"))
    ] = "random",
) -> "DMPNN":
    """Return a network, `DMPNN`, that maps `MoleculeGraphs.batch(rows)` to vectors.

    Random weights come from PyTorch's own stream: see `lacuna.networks.training.random_stream`.

    Parameters
    ----------
    descriptors
        How many numbers of each molecule stand behind what the network gives.

    Raises
    ------
    LacunaError
        If a package is missing, or hidden and depth are not those of the weights at the start.
    """
    check_installed("dmpnn")
    if start == "admet":
        from lacuna.structures.encoders import admet

        return admet.pretrained("classification", descriptors, hidden, depth)
    from lacuna.structures.message_passing import DMPNN

    return DMPNN(hidden, depth, descriptors=descriptors)
