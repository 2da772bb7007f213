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


@pytest.mark.parametrize(
    ("without", "said"),
    [
        (["falrct"], r"drugs: without: 'falrct' is not among .* \(did you mean 'falrtc'\?\)"),
        (["mean_1d", "falrtc"], "drugs: without: no method is left"),
    ],
)
def test_what_a_split_leaves_out_must_be_there_and_leave_something(without, said):
    small = {"methods": ["mean_1d", "falrtc"], "completed": []}
    nothing = {"completed": []}
    splits = {"drugs": {"without": without}}
    with pytest.raises(LacunaError, match=said):
        simulated(completion=small, classification=nothing, evaluation={"splits": splits})


def test_single_profiles_are_asked_of_every_method():
    with pytest.raises(LacunaError, match="profiles"):
        simulated(evaluation={"splits": {"profiles": {"without": ["falrtc"]}}})
