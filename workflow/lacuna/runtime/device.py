"""The device that computes on large arrays: NumPy on the processor, PyTorch on a GPU.

Both have the same operations (@, mT, clip, sum, linalg.eigh, indexing), so that a method is written
once. On processors NumPy's BLAS is the faster one of the two.
"""

import os
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

import numpy as np
import psutil

from lacuna.errors import LacunaError, listed

if TYPE_CHECKING:
    import torch

    Array = np.ndarray | torch.Tensor
else:
    Array = np.ndarray

CHOICES = ("auto", "cpu", "cuda")
# The memory limit that a container or a batch system sets (cgroup version 2).
CGROUP_LIMIT = Path("/sys/fs/cgroup/memory.max")
CGROUP_USE = Path("/sys/fs/cgroup/memory.current")
GPUS, GPU_OF_WINDOWS = Path("/proc/driver/nvidia/gpus"), Path("/dev/dxg")


@dataclass(frozen=True)
class Device:
    """A processor or a GPU, and the library that computes there.

    Attributes
    ----------
    name : str
        cpu or cuda, as PyTorch calls it.
    xp : module
        numpy or torch.
    """

    name: str
    xp: ModuleType

    def put(self, array: np.ndarray) -> Array:
        """Copy a NumPy array to the device."""
        return array if self.xp is np else self.xp.as_tensor(array, device=self.name)

    def get(self, array: Array) -> np.ndarray:
        """Copy an array of the device back to NumPy."""
        return array if isinstance(array, np.ndarray) else array.cpu().numpy()

    def free_bytes(self) -> int:
        """Return how many bytes of memory are free on the device."""
        if self.name == "cuda":
            return self.xp.cuda.mem_get_info()[0]
        free = psutil.virtual_memory().available
        try:
            return min(free, int(CGROUP_LIMIT.read_text()) - int(CGROUP_USE.read_text()))
        except (OSError, ValueError):  # no limit
            return free


def gpus_asked(choice: object) -> int:
    """Return how many GPUs a job asks for that computes where this choice says: 0 or 1.

    One for cuda; and for auto where PyTorch would find one on the machine that plans the run.
    """
    return int(choice == "cuda" or (choice == "auto" and sees_gpu()))


def sees_gpu() -> bool:
    """Return whether PyTorch would find a GPU here; without importing it, which takes a second."""
    if os.environ.get("CUDA_VISIBLE_DEVICES", "all").strip() in ("", "-1"):
        return False
    try:
        if version("torch").endswith("+cpu"):
            return False
    except PackageNotFoundError:
        return False
    # What NVIDIA's driver lists, and what it makes under Windows' Linux, which has no such list.
    return any(GPUS.glob("*")) or GPU_OF_WINDOWS.exists()


def find_device(choice: str) -> Device:
    """Return the device of a choice: auto (a GPU where there is one), cpu or cuda.

    Raises
    ------
    LacunaError
        If there is no such choice, or no GPU for cuda.
    """
    if choice not in CHOICES:
        raise LacunaError(f"device is {choice!r}, expected one of {listed(CHOICES)}.")
    if choice != "cpu":
        import torch  # takes a second, so only where it is asked for

        if torch.cuda.is_available():
            return Device("cuda", torch)
        if choice == "cuda":
            raise LacunaError(
                "device is 'cuda', but PyTorch finds no GPU here. Use device: auto or cpu, or send "
                "the job to a machine with one."
            )
    return Device("cpu", np)
