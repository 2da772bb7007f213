"""Whatever a configuration holds, it is valid or a LacunaError says why not."""

import contextlib
import math

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st
from strategies import changed_tree, values

from lacuna.errors import LacunaError
from lacuna.project.config import prepare

pytestmark = [pytest.mark.filterwarnings("ignore"), pytest.mark.usefixtures("ends_in_time")]


@pytest.fixture(scope="module")
def shipped(request):
    return yaml.safe_load((request.config.rootpath / "config/config.yaml").read_text())


@pytest.mark.fault(
    "the shipped configuration with other keys and values (property-based)",
    "valid, or our own error",
)
@given(data=st.data())
@settings(max_examples=150)
def test_changed_configurations(shipped, data):
    changed = data.draw(changed_tree(shipped))
    with contextlib.suppress(LacunaError):
        changed = prepare(changed)
        assert "/" not in changed["dataset"] and "\n" not in changed["dataset"]
        assert math.isfinite(changed["signatures"]["gamma"])
        yaml.safe_dump(changed)


@given(config=values)
@example({})
@example([])
def test_any_configuration(config):
    with contextlib.suppress(LacunaError):
        prepare(config)
