"""Which library jobs import: that of the process that starts them."""

import os
from pathlib import Path


def share_library() -> None:
    """Have processes that this one starts import this library, whatever else is installed."""
    folder = str(Path(__file__).parents[2])
    before = os.environ.get("PYTHONPATH", "")
    if folder not in before.split(os.pathsep):
        os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [folder, before]))
