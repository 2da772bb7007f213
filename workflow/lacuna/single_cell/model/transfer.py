"""From a model of a bulk screen to one of single cells: what is carried over, and what is new.

Hetzel et al. 2022, https://doi.org/10.48550/arXiv.2204.13545, section 4. All weights are carried
but those that belong to the drugs of pretraining: their adversary, and the table of learnt vectors
with what reads it. Adversary and embeddings of lines are new, too, as in the authors' code; or
embeddings of lines of the same name are carried. Levels and spreads of genes, where these are taken
out, are those of the cells. Nothing is frozen.
"""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import torch

from lacuna.errors import LacunaError, listed
from lacuna.single_cell.model.settings import Settings
from lacuna.single_cell.model.trained import Trained

CARRIED, NEW, PARTLY = "carried", "new", "carried by name, the rest new"
COLUMNS = ["part", "tensor", "what", "shape"]
NEVER = ("drug_adversary", "line_adversary", "level", "spread")  # each training has its own
OF_LEARNT = ("molecules", "doser", "perturbation")  # of learnt vectors, which new drugs have not
FIRST, LAST = "encoder.0.weight", "decoder."


@dataclass(frozen=True)
class Plan:
    """How genes of a training meet those of pretraining.

    Attributes
    ----------
    genes : Index of str
        Of the network, in its order.
    inner : int
        Genes between adapters, those of pretraining; 0 where there are no adapters.
    """

    genes: pd.Index
    inner: int

    @classmethod
    def of(cls, start: Trained, genes: pd.Index, settings: Settings) -> "Plan":
        """Match genes by name.

        Parameters
        ----------
        start
            The pretrained model.
        genes
            Of the training.
        settings
            Of the training: extension.

        Raises
        ------
        LacunaError
            If none is shared.
        """
        shared = start.genes.intersection(genes)
        if not len(shared):
            raise LacunaError(
                f"single_cell: none of the {len(genes)} genes ({listed(genes)}) is among the "
                f"{len(start.genes)} of the pretrained model ({listed(start.genes)}). Give both "
                "symbols, or train without pretraining (starts: [scratch])."
            )
        # Where pretraining had adapters of its own, its outer genes are what is matched.
        if len(shared) == len(genes) == len(start.genes):
            return cls(start.genes, start.network.sizes.inner)
        if start.network.sizes.inner:
            raise LacunaError(
                "single_cell: the pretrained model has adapters for other genes already. Start "
                "from the model of the bulk screen."
            )
        return cls(genes, len(start.genes) if settings.extension == "adapters" else 0)


def carry(start: Trained, model: Trained) -> Trained:
    """Carry weights, and the scale of drugs' vectors, into a new model.

    Parameters
    ----------
    start
        The pretrained model.
    model
        Of the same form, with random weights.

    Returns
    -------
    Trained
        With `carried`, a DataFrame of a row per tensor: part, tensor, what ("carried", "new", or
        both), shape. Weights and what BatchNorm learnt are byte for byte those of the start.
    """
    old, new = start.network.state_dict(), model.network.state_dict()
    last = f"{LAST}{len(model.network.decoder) - 1}."
    is_adapted = model.network.sizes.inner > 0
    by_name = None if is_adapted or start.genes.equals(model.genes) else _matched(start, model)
    rows = []
    for name, value in new.items():
        part = name.partition(".")[0]
        what = NEW
        if name == "lines.weight":
            what = _carry_lines(start, model, old[name], value)
        elif part in NEVER or (model.source.is_learned and part in OF_LEARNT):
            pass
        elif by_name is not None and (name == FIRST or name.startswith(last)):
            what = PARTLY
            _carry_genes(old[name], value, *by_name, is_first=name == FIRST)
        elif name in old:
            value.copy_(old[name])
            what = CARRIED
        rows.append((part, name, what, "x".join(map(str, value.shape)) or "1"))
    table = pd.DataFrame(rows, columns=COLUMNS)
    return replace(model, scaler=start.scaler, carried=table)


def _matched(start: Trained, model: Trained) -> tuple[torch.Tensor, torch.Tensor]:
    """Return places of shared genes in the new model, and in the old one."""
    place = start.genes.get_indexer(model.genes)
    here = np.flatnonzero(place >= 0)
    return torch.from_numpy(here), torch.from_numpy(place[here])


def _carry_lines(start: Trained, model: Trained, old: torch.Tensor, new: torch.Tensor) -> str:
    if model.settings.carried_lines == "none":
        return NEW
    place = start.lines.get_indexer(model.lines)
    here = np.flatnonzero(place >= 0)
    new[torch.from_numpy(here)] = old[torch.from_numpy(place[here])]
    if len(here) == len(place):
        return CARRIED
    return PARTLY if len(here) else NEW


def _carry_genes(
    old: torch.Tensor, new: torch.Tensor, here: torch.Tensor, there: torch.Tensor, is_first: bool
) -> None:
    """Carry columns of the first layer, or rows of the last (means, then variances), by gene."""
    if is_first:
        new[:, here] = old[:, there]
        return
    genes, before = len(new) // 2, len(old) // 2
    for half in (0, 1):
        new[here + half * genes] = old[there + half * before]
