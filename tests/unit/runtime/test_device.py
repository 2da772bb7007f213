"""Devices: what is asked for, or an error that says what to do."""

import numpy as np
import psutil
import pytest

from lacuna.errors import LacunaError
from lacuna.runtime import device


def test_the_processor_takes_arrays_as_they_are():
    cpu = device.find_device("cpu")
    array = np.arange(3.0)
    assert cpu.get(cpu.put(array)) is array


def test_an_unknown_choice_is_named():
    with pytest.raises(LacunaError, match=r"device is 'gpu', expected one of 'auto', 'cpu'"):
        device.find_device("gpu")


def test_without_a_gpu_only_a_demand_for_one_fails(monkeypatch):
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    assert device.find_device("auto").name == "cpu"
    with pytest.raises(LacunaError, match=r"finds no GPU here. Use device: auto or cpu"):
        device.find_device("cuda")


def test_the_limit_of_a_container_counts_as_memory(tmp_path, monkeypatch):
    for name, text in (("CGROUP_LIMIT", "3000"), ("CGROUP_USE", "1000")):
        (tmp_path / name).write_text(text)
        monkeypatch.setattr(device, name, tmp_path / name)
    cpu = device.find_device("cpu")
    assert cpu.free_bytes() == 2000
    (tmp_path / "CGROUP_LIMIT").write_text("max")  # no limit
    assert 2000 < cpu.free_bytes() <= psutil.virtual_memory().total
