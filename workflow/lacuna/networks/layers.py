"""Parts that several networks are made of."""

import torch
from torch import nn


def begin_as_keras(network: nn.Module) -> None:
    """Draw the first weights as Keras does, the library of several published methods."""
    for layer in network.modules():
        if isinstance(layer, nn.Linear):
            nn.init.xavier_uniform_(layer.weight)
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)


class VariationalEncoder(nn.Module):
    """Profiles to a normal distribution of latent states (Kingma and Welling 2014, ICLR)."""

    def __init__(self, hidden: nn.Module, width: int, latent: int) -> None:
        """Put the two last layers, mean and log-variance, on hidden ones.

        Parameters
        ----------
        hidden
            Profiles of shape (n, genes) to (n, width).
        width, latent
            How many values.
        """
        super().__init__()
        self.hidden = hidden
        self.mean, self.log_variance = nn.Linear(width, latent), nn.Linear(width, latent)

    def forward(self, profiles: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Return mean and log-variance, of shape (n, latent)."""
        hidden = self.hidden(profiles)
        return self.mean(hidden), self.log_variance(hidden)


def draw(mean: torch.Tensor, log_variance: torch.Tensor) -> torch.Tensor:
    """Draw from normal distributions."""
    return mean + torch.exp(log_variance / 2) * torch.randn_like(mean)


def divergence(mean: torch.Tensor, log_variance: torch.Tensor) -> torch.Tensor:
    """Return the Kullback-Leibler divergence of each normal distribution from the standard one."""
    return (mean**2 + log_variance.exp() - 1 - log_variance) / 2
