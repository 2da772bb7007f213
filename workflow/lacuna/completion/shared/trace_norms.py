"""What completers share that lower the trace norms of a tensor's three unfoldings."""

from collections.abc import Callable, Iterator
from typing import Annotated

from lacuna.completion.card import Option
from lacuna.completion.interface import Predict
from lacuna.completion.shared.dense import ObservedTensor, last_of, require_memory
from lacuna.runtime.device import Array, find_device
from lacuna.tensor.profiles import ProfileSet

DrugWeight = Annotated[float, Option("weight of the drugs' unfolding", gt=0)]
GeneWeight = Annotated[float, Option("weight of the genes' unfolding", gt=0)]
CellWeight = Annotated[float, Option("weight of the cells' unfolding", gt=0)]


def complete_in_span(
    name: str,
    iterate: Callable[[ObservedTensor], Iterator[tuple[Array, float]]],
    observed: ProfileSet,
    *,
    grids: int,
    max_iterations: int,
    device: str,
) -> Predict:
    """Fill the tensor of observed profiles, in the span of their genes; pairs are read off it.

    Where the drug or the cell has no profile, a mean stands instead, see `replace_cold_starts`.

    Parameters
    ----------
    name
        Of the method, for messages.
    iterate
        Yields the filled tensor and the residual that its stopping rule looks at, such as the
        Frobenius norm of its last change, iteration by iteration.
    observed
        As for any method.
    grids
        How often it holds the tensor at once.
    max_iterations
        What it was told, for the message.
    device
        As for any method.

    Raises
    ------
    LacunaError
        If memory cannot hold the tensor.
    """
    where = find_device(device)
    require_memory(name, observed, grids, where)
    tensor = ObservedTensor.in_span(observed, where)
    number, (filled, residual) = last_of(enumerate(iterate(tensor), 1))
    print(f"{name}: {number} of at most {max_iterations} iterations, residual {residual:.3g}")
    return lambda pairs: tensor.predictions(filled, observed, pairs)
