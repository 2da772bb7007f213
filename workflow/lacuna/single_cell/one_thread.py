"""Scanpy on one thread: the same sums on any machine, and no waiting of threads for each other."""

from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def one_thread() -> Iterator[None]:
    """Keep numba, which adds up for scanpy, to one thread: its sums depend on their number."""
    import numba

    before = numba.get_num_threads()
    numba.set_num_threads(1)
    try:
        yield
    finally:
        numba.set_num_threads(before)
