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


@pytest.fixture
def machine(monkeypatch, tmp_path):
    """Make up a machine; return whether a GPU is seen there."""

    def seen(*, gpus=1, build="2.13.0", visible=None):
        folder = tmp_path / "gpus"
        folder.mkdir(exist_ok=True)
        for number in range(gpus):
            (folder / f"0000:0{number}:00.0").mkdir(exist_ok=True)
        monkeypatch.setattr(device, "GPUS", folder)
        monkeypatch.setattr(device, "GPU_OF_WINDOWS", tmp_path / "dxg")
        monkeypatch.setattr(device, "version", lambda name: {"torch": build}[name])
        monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
        if visible is not None:
            monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
        return device.sees_gpu()

    return seen


def test_a_gpu_is_seen_without_importing_what_computes_there(machine, tmp_path):
    assert not machine(gpus=0)
    assert machine()
    assert machine(visible="0,1")
    assert not machine(visible="")
    assert not machine(visible="-1")
    assert not machine(build="2.13.0+cpu")
    (tmp_path / "gpus/0000:00:00.0").rmdir()
    assert not machine(gpus=0)
    (tmp_path / "dxg").touch()
    assert machine(gpus=0)


def test_a_job_asks_for_the_gpu_that_it_will_use(machine):
    for is_there, expected in ((False, [0, 0, 1]), (True, [0, 1, 1])):
        assert machine(visible=None if is_there else "-1") == is_there
        assert [device.gpus_asked(choice) for choice in ("cpu", "auto", "cuda")] == expected
    assert device.gpus_asked(None) == 0
