"""What `evaluation:` refuses beyond its schema."""

import pytest

from lacuna.errors import LacunaError
from lacuna.project.config import prepare


def simulated(**changes):
    config = {"dataset": "x", "acquire": {"source": "simulator"}}
    return prepare(config | changes)


def test_an_unknown_method_of_the_figures_is_named():
    with pytest.raises(LacunaError, match=r"figures: methods: unknown method 'dnp'.*dnpp"):
        simulated(evaluation={"figures": {"methods": ["mean_1d", "dnp"]}})


def test_figures_may_name_methods_that_are_not_run_and_variants_that_are():
    variant = {"dnpp_k5": {"method": "dnpp", "neighbours": 5}}
    simulated(
        completion={"methods": ["mean_1d", variant], "completed": []},
        classification={"completed": []},
        evaluation={"figures": {"methods": ["falrtc", "dnpp_k5"]}},
    )
