"""One simulated screen for all tests of the simulation."""

import pytest

from lacuna.io import geo, hdf5
from lacuna.simulation import parameters, write


@pytest.fixture(scope="session")
def screen(tmp_path_factory):
    folder = tmp_path_factory.mktemp("screen")
    write.simulate(folder, generator="clustered", drugs=200, cells=6, mechanisms=8, seed=5)
    return folder


@pytest.fixture(scope="session")
def wells(screen):
    return geo.read_wells(screen / parameters.FILES["inst_info"])


@pytest.fixture(scope="session")
def truth(screen):
    return hdf5.load(screen / parameters.TRUTH)
