"""Methods whose package is an extra say so before anything runs."""

import numpy as np
import pytest
from toy import clustered

from lacuna.completion.checks import check
from lacuna.completion.interface import SideInformation
from lacuna.completion.run import run_method
from lacuna.errors import LacunaError

PIP = r"needs the package tensorly.*pip install 'lacuna\[tensorly\]'"


def config(*methods):
    block = {"methods": list(methods), "options": {}, "controls": ["truth"], "completed": []}
    return {"completion": block}


@pytest.fixture
def without(monkeypatch):
    monkeypatch.setattr("lacuna.completion.shared.extras.find_spec", lambda name: None)


@pytest.mark.parametrize("method", ["cp", "tucker"])
def test_a_missing_package_is_named_with_its_pip_line(without, method):
    with pytest.raises(LacunaError, match=f"completion: methods: {method} {PIP}"):
        check(config("dnpp", method))
    with pytest.raises(LacunaError, match=f"completion: methods: mine {PIP}"):
        check(config({"mine": {"method": method}}))
    observed = clustered()
    with pytest.raises(LacunaError, match=f"{method} {PIP}"):
        run_method(
            method,
            observed,
            observed.missing_pairs,
            SideInformation(),
            np.random.default_rng(0),
            {},
        )


def test_other_methods_need_no_package(without):
    check(config("dnpp", "halrtc", "tmac", "soft_impute"))


def test_nothing_is_said_where_the_package_is_there():
    check(config("cp", "tucker"))
