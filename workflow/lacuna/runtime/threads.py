"""One thread for all arithmetic: sums depend, in their last digits, on how many share them."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from threadpoolctl import threadpool_limits

# What libraries read when they are loaded, and processes that a job starts inherit.
VARIABLES = tuple(
    f"{library}_NUM_THREADS" for library in ("OMP", "OPENBLAS", "MKL", "BLIS", "NUMEXPR")
)


@contextmanager
def on_one_thread() -> Iterator[None]:
    """Have BLAS, OpenMP and PyTorch compute on one thread within the block.

    Those that are loaded already are told so, those that the block loads by their environment
    variables: nothing that a user or a batch system sets changes a number. Numba, which has a
    number of its own, is kept to one thread where scanpy is asked. A second thread helps little: a
    run does several jobs side by side.
    """
    before = {name: os.environ.get(name) for name in VARIABLES}
    torch = sys.modules.get("torch")
    of_torch = torch.get_num_threads() if torch else 0
    os.environ |= dict.fromkeys(VARIABLES, "1")
    try:
        with threadpool_limits(1):
            if torch:
                torch.set_num_threads(1)
            yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
        if torch:
            torch.set_num_threads(of_torch)
