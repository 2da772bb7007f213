"""What the JSON schema of `tensor:` cannot say."""

from collections.abc import Mapping
from typing import Any

from lacuna.acquire.inputs import Inputs
from lacuna.errors import LacunaError, listed


def check(config: Mapping[str, Any]) -> None:
    """Check the block `tensor:` of a configuration whose defaults are filled in.

    Raises
    ------
    LacunaError
        If the lowest dose is above the highest, or values of plates are to be averaged as they are.
    """
    inputs = Inputs.of(config)
    if config["tensor"]["scale"] == "z" and (plates := inputs.series_with("level3")):
        which = "the simulated screen is" if inputs.simulated else f"series: {listed(plates)} are"
        raise LacunaError(
            f"tensor: scale is z, but {which} of plates (level3), whose signatures are directions "
            "of unit length; expected ready-made signatures (level5) or tensors alone. Write "
            "scale: unit."
        )
    doses = config["tensor"]["doses"] or {}
    low, high = doses.get("min"), doses.get("max")
    if low is not None and high is not None and low > high:
        raise LacunaError(
            f"tensor: doses: min is {low:g}, above max, which is {high:g}; expected micromolar, "
            "from the lowest to the highest."
        )
