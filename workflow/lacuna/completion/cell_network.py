"""The network of DeepCellState in NumPy, where it is only asked: PyTorch takes a second to import.

The layers are those of `lacuna.networks.cell_states`, and so are the names of their weights.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from lacuna.errors import listed
from lacuna.io.model_file import part
from lacuna.vectors import slices

AT_ONCE = 32  # profiles of a block; 64 MB of the widest layer where it is applied to each gene
WRONG = "weights are not those of its network"

Weights = Mapping[str, np.ndarray]


class AllWeights:
    """All names that begin alike, for a reader that leaves weights in their file."""

    def __init__(self, prefix: str):
        self._prefix = prefix

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and name.startswith(self._prefix)


def check_weights(weights: Weights, shape: Mapping[str, Any], decoders: int) -> None:
    """Check that weights are those of a network.

    Parameters
    ----------
    weights
        By their names in PyTorch; perhaps still in a file, whose values are not looked at then.
    shape
        Of the network, see `lacuna.networks.cell_states.Shape`.
    decoders
        How many cells have one.

    Raises
    ------
    KeyError, TypeError, ValueError
        If not.
    """
    expected = _shapes(weights, shape, decoders)
    if missing := sorted(expected.keys() - weights.keys()):
        raise ValueError(f"{WRONG}: no {listed(missing, 3)}")
    if unknown := sorted(weights.keys() - expected.keys()):
        raise ValueError(f"{WRONG}: {listed(unknown, 3)} besides")
    for name, array in weights.items():
        if array.shape != expected[name] or array.dtype != np.float32:
            raise ValueError(
                f"{WRONG}: {name} is {array.dtype} of shape {array.shape}, expected float32 "
                f"{expected[name]}"
            )
        if isinstance(array, np.ndarray) and not np.isfinite(array).all():
            raise ValueError(f"{name} holds what is no number")


def translate(
    weights: Weights, shape: Mapping[str, Any], decoder: int, scaled: np.ndarray
) -> np.ndarray:
    """Return what scaled profiles would be in a decoder's cell.

    Parameters
    ----------
    weights, shape
        As `check_weights` takes them; `shape` with `slope`, that of the rectifiers below 0.
    decoder
        Its number.
    scaled : float32 array of shape (n, genes)

    Returns
    -------
    float32 array of shape (n, genes)
    """
    encoder, own = _read(weights, "encoder."), _read(weights, f"decoders.{decoder}.")
    translated = np.empty_like(scaled)
    for rows in slices(len(scaled), AT_ONCE):
        states = _encode(encoder, shape, scaled[rows])
        translated[rows] = _decode(own, shape, states, scaled[rows])
    return translated


def _read(weights: Weights, prefix: str) -> Weights:
    """Return the weights of a part of the network, from their file if they are still there."""
    return {name: np.asarray(array[...]) for name, array in part(weights, prefix).items()}


def _encode(layers: Weights, shape: Mapping[str, Any], scaled: np.ndarray) -> np.ndarray:
    values = scaled[..., None] if shape["per_gene"] else scaled
    for layer in ("hidden.0", "hidden.2"):
        values = _rectified(_linear(layers, layer, values), shape["slope"])
    return _linear(layers, "latent", values.reshape(len(values), -1))


def _decode(
    layers: Weights, shape: Mapping[str, Any], states: np.ndarray, scaled: np.ndarray
) -> np.ndarray:
    values, per_gene = _linear(layers, "expand", states), shape["per_gene"]
    if per_gene:
        values = _linear(layers, "hidden.0", values.reshape(*scaled.shape, -1))
    values = _rectified(values, shape["slope"])
    values = _rectified(_linear(layers, _widening(per_gene), values), shape["slope"])
    values = _linear(layers, "output", values)
    if per_gene:
        values = values[..., 0]
    if shape["skip"]:
        values = values + layers["passed_on"] * scaled
    return np.tanh(values)


def _linear(layers: Weights, name: str, values: np.ndarray) -> np.ndarray:
    result = values @ layers[f"{name}.weight"].T
    bias = layers.get(f"{name}.bias")
    return result if bias is None else result + bias


def _rectified(values: np.ndarray, slope: float) -> np.ndarray:
    return np.maximum(values, values * np.float32(slope))


def _widening(per_gene: bool) -> str:
    """Return the decoder's layer from its narrow to its wide size."""
    return "hidden.2" if per_gene else "hidden.1"


def _shapes(
    weights: Weights, shape: Mapping[str, Any], decoders: int
) -> dict[str, tuple[int, ...]]:
    """Return the shapes that all weights must have, by name; hidden layers are as wide as they are.

    Raises
    ------
    KeyError, TypeError
        If `shape` is none.
    """
    genes, latent, per_gene = shape["genes"], shape["latent"], shape["per_gene"]
    if type(per_gene) is not bool or type(shape["skip"]) is not bool:
        raise TypeError("per_gene and skip are true or false")
    if type(latent) is not int or latent < 1:
        raise TypeError(f"the latent layer has {latent!r} units")
    wide, narrow = (len(weights[f"encoder.hidden.{layer}.bias"]) for layer in (0, 2))
    inputs, flat = (1, genes * narrow) if per_gene else (genes, narrow)
    expected: dict[str, tuple[int, ...]] = {
        "encoder.hidden.0.weight": (wide, inputs),
        "encoder.hidden.0.bias": (wide,),
        "encoder.hidden.2.weight": (narrow, wide),
        "encoder.hidden.2.bias": (narrow,),
        "encoder.latent.weight": (latent, flat),
    }
    for decoder in ("common", *(f"decoders.{number}" for number in range(decoders))):
        layers = {"expand": (flat, latent), _widening(per_gene): (wide, narrow)}
        layers["output"] = (inputs, wide)
        if per_gene:
            layers["hidden.0"] = (narrow, narrow)
        for layer, (outputs, into) in layers.items():
            expected[f"{decoder}.{layer}.weight"] = (outputs, into)
            expected[f"{decoder}.{layer}.bias"] = (outputs,)
        if shape["skip"]:
            expected[f"{decoder}.passed_on"] = (inputs,)
    return expected
