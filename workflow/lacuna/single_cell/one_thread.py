"""Scanpy on one thread: the same sums on any machine, and no waiting of threads for each other."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def one_thread() -> Iterator[None]:
    """Keep numba, which adds up for scanpy, to one thread: its sums depend on their number."""
    import numba

    before = numba.get_num_threads()
    # Where both have one OpenMP, numba's number is PyTorch's, too: what networks set comes back.
    torch = sys.modules.get("torch")
    of_torch = torch.get_num_threads() if torch else 0
    numba.set_num_threads(1)
    try:
        yield
    finally:
        numba.set_num_threads(before)
        if torch:
            torch.set_num_threads(of_torch)
