"""The directed message passing network: from graphs of molecules to vectors."""

from torch import Tensor, cat, nn

from lacuna.structures.graphs import GraphBatch


class DMPNN(nn.Module):
    """A D-MPNN of chemprop's blocks, with further descriptors appended to what it gives.

    Messages go along directed bonds, never straight back; atoms gather those that arrive, and
    a molecule gathers its atoms. See Yang et al. 2019, https://doi.org/10.1021/acs.jcim.9b00237.

    Parameters
    ----------
    hidden
        Numbers in a message, and in the vector of a molecule.
    depth
        Rounds of messages and the last gathering, as chemprop counts.
    dropout
        Share of numbers dropped after each layer in training.
    pooling
        "mean" of atoms, or "norm": their sum, divided by 100.
    descriptors
        Numbers appended, as `MoleculeGraphs` holds them.
    """

    def __init__(
        self,
        hidden: int = 300,
        depth: int = 3,
        dropout: float = 0.0,
        pooling: str = "mean",
        descriptors: int = 0,
    ) -> None:
        # Imported where used: it takes some seconds.
        from chemprop.nn import BondMessagePassing, MeanAggregation, NormAggregation

        super().__init__()
        self.size = hidden + descriptors
        self.messages = BondMessagePassing(d_h=hidden, depth=depth, dropout=dropout)
        self.pool = {"mean": MeanAggregation, "norm": NormAggregation}[pooling]()

    def forward(self, graphs: GraphBatch) -> Tensor:
        """Return vectors of the batch's molecules, float32 of shape (b, hidden + descriptors)."""
        atoms = self.messages(graphs)
        pooled = self.pool(atoms, graphs.batch)[graphs.structure]
        return cat([pooled, graphs.descriptors], dim=1)
