"""Scanpy's one thread is its own: networks keep the number of theirs."""

import numba
import torch

from lacuna.single_cell.one_thread import one_thread


def test_the_threads_of_networks_stay_as_they_were():
    before = torch.get_num_threads(), numba.get_num_threads()
    try:
        torch.set_num_threads(1)
        with one_thread():
            assert numba.get_num_threads() == 1
        assert numba.get_num_threads() == before[1]
        assert torch.get_num_threads() == 1
    finally:
        torch.set_num_threads(before[0])
