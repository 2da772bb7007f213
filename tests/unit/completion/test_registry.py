"""Cards: they are complete, say the truth, import nothing heavy, and come from other packages."""

import subprocess
import sys
from pathlib import Path
from typing import Annotated

import numpy as np
import pytest
from toy import clustered

from lacuna.completion.card import AUTO, BASELINE, OTHER_CELLS, STRUCTURES, Option, declared_options
from lacuna.completion.interface import SideInformation
from lacuna.completion.registry import (
    available,
    card,
    check_options,
    is_control,
    method_label,
    options_of,
)
from lacuna.completion.run import run_method
from lacuna.errors import LacunaError

METHODS = [name for name in available() if not is_control(name)]
SLOW = {"deepcellstate", "vae_anchor", "dual_gan", "scgen"}


def test_every_card_is_complete():
    cards = {name: card(name) for name in available()}
    labels = [one.label for one in cards.values()]
    assert len(set(labels)) == len(labels)
    for name, one in cards.items():
        assert one.summary, name
        assert "\n" not in one.summary, name
        assert set(one.needs) <= {STRUCTURES, BASELINE, OTHER_CELLS}, name
        published = ("https://doi.org/10.", "https://jmlr.org/papers/", "Hodos")
        assert not one.source or any(where in one.source for where in published), name
        for option in options_of(name).values():
            assert option.meaning.summary
            assert option.fault(option.default) is None, (name, option.name)
    assert {name for name in cards if is_control(name)} == {"truth", "zeros", "cell_mean", "random"}


def test_quick_are_the_controls_and_what_docs_performance_shows_to_take_seconds():
    quick = {name for name in METHODS if card(name).quick}
    knn = {"dnpp", "knn_cells", "knn_drugs_cells"}
    assert quick == {"mean_1d", "mean_2d", "additive", "ntk", "kernel", *knn}
    assert all(card(name).quick for name in available() if is_control(name))


def test_what_has_no_card_is_shown_as_it_is_called():
    assert method_label("dnpp") == "DNPP"
    assert method_label("dnpp_k5") == "dnpp_k5"


def of_new_drugs(name, side):
    """Predict drugs without any profile."""
    tensor = clustered(drugs=30)
    is_new = tensor.drug < 4
    rng = np.random.default_rng(0)
    return run_method(name, tensor.take(~is_new), tensor.take(is_new).pairs, side, rng, {})


@pytest.mark.parametrize("name", sorted(set(METHODS) - SLOW))
def test_a_card_says_what_a_method_needs(name):
    rng = np.random.default_rng(0)
    smiles = rng.choice(["CCO", "CCCO", "c1ccccc1C", "CCCl"], 30)
    baseline = rng.normal(size=(5, 12)).astype(np.float32)
    needs = card(name).needs
    without = of_new_drugs(name, SideInformation())
    informed = of_new_drugs(name, SideInformation(smiles=smiles))
    assert (STRUCTURES in needs) == (not np.array_equal(without.profiles, informed.profiles))
    falls_back = without.fallback is not None and bool(without.fallback.all())
    assert falls_back == (OTHER_CELLS in needs)
    tensor, results = clustered(drugs=30), []
    for side in (SideInformation(), SideInformation(baseline=baseline)):
        rng = np.random.default_rng(0)
        results.append(run_method(name, tensor, tensor.missing_pairs, side, rng, {}).profiles)
    assert (BASELINE in needs) == (not np.array_equal(*results))


def run_python(code, *folders):
    library = Path(sys.modules["lacuna"].__file__).parents[1]
    path = ":".join(map(str, (library, *folders)))
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env={"PYTHONPATH": path}
    )


def test_reading_all_cards_imports_nothing_heavy():
    ran = run_python("""
import sys
from lacuna.completion.registry import available, card, is_trained, options_of
for name in available():
    card(name), options_of(name), is_trained(name)
print([heavy for heavy in ("torch", "rdkit", "snakemake", "sklearn") if heavy in sys.modules])
""")
    assert ran.stdout == "[]\n", ran


# Options


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("dnpp", {"neighbours": 0}, "completion: options: dnpp: neighbours is 0, expected at le"),
        ("dnpp", {"neighbours": True}, "neighbours is True, expected int"),
        ("mean_2d", {"cell_weight": -0.1}, "cell_weight is -0.1, expected 0 to 1"),
        ("mean_2d", {"cell_weight": 1.1}, "cell_weight is 1.1, expected 0 to 1"),
        ("mean_2d", {"cell_weight": float("nan")}, "cell_weight is nan, expected a number"),
        ("falrtc", {"drug_weight": 0}, "drug_weight is 0, expected more than 0"),
        ("deepcellstate", {"inputs": "al"}, "inputs is 'al' .did you mean 'all'.*one of 'all'"),
        ("blend", {"members": ("dnpp", 1)}, "expected list of str"),
    ],
)
def test_a_value_out_of_bounds_is_named_with_what_is_expected(name, options, message):
    with pytest.raises(LacunaError, match=message):
        check_options(name, options)


def test_a_number_may_be_left_to_the_data_where_its_option_says_so():
    def fit(*, rate: Annotated[float | str, Option("of Adam", gt=0)] = AUTO): ...

    rate = declared_options(fit)["rate"]
    assert (rate.kind, rate.type_name) == (float, "auto or float")
    assert [rate.fault(value) for value in (AUTO, 0.1, 1)] == [None] * 3
    assert rate.fault("aut") == "rate is 'aut', expected auto or float."
    assert rate.fault(0) == "rate is 0, expected more than 0."
    assert rate.fault(True) and rate.fault([AUTO]) and rate.fault(float("nan"))


def test_bounds_themselves_are_allowed():
    check_options("mean_2d", {"cell_weight": 0})
    check_options("mean_2d", {"cell_weight": 1})
    check_options("dnpp", {"neighbours": 1})
    check_options("blend", {"members": ["dnpp"]})


def test_an_option_that_is_not_declared_is_a_fault_of_the_method():
    def without_bounds(*, neighbours: int = 3): ...

    def without_default(*, neighbours: Annotated[int, Option("so many")]): ...

    def with_two(*, neighbours: Annotated[float | int, Option("so many")] = 3): ...

    for function in (without_bounds, without_default, with_two):
        with pytest.raises(TypeError, match="option 'neighbours' is not declared"):
            declared_options(function)


# Methods of other packages

MEDIAN = """
from typing import Annotated
import numpy as np
from lacuna.completion.card import Method, Option
from lacuna.completion.interface import Completion

METHOD = Method(label="Constant", summary="one value", quick=True)

def complete(observed, wanted, side, rng, *, value: Annotated[float, Option("it", ge=0)] = 0.5):
    return Completion(np.full((len(wanted), len(observed.genes)), value, np.float32))
"""
RUN = """
import numpy as np
from lacuna.completion.interface import SideInformation
from lacuna.completion.registry import available, card, method_label
from lacuna.completion.run import run_method
from lacuna.errors import LacunaError
from lacuna.tensor.profiles import ProfileSet
names = [np.array(list(axis)) for axis in ("de", "cf", "gh")]
observed = ProfileSet(np.eye(2, dtype=np.float32), np.array([0, 1]), np.array([0, 1]), *names)
def run(**options):
    rng = np.random.default_rng(0)
    return run_method(NAME, observed, observed.missing_pairs, SideInformation(), rng, options)
try:
    print(NAME in available(), method_label(NAME), run(value=0.25).profiles.tolist())
    run(value=-1.0)
except LacunaError as error:
    print(error)
"""


def install(folder, name, module="lab.constant"):
    """Make a package discoverable, as pip does."""
    (folder / "lab").mkdir(parents=True)
    (folder / "lab/__init__.py").touch()
    (folder / "lab/constant.py").write_text(MEDIAN)
    about = folder / "lab-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: lab\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text(f"[lacuna.methods]\n{name} = {module}\n")


def test_a_method_of_another_package_runs_under_its_entry_point(tmp_path):
    install(tmp_path, "constant")
    ran = run_python(f"NAME = 'constant'{RUN}", tmp_path)
    assert ran.stdout.splitlines() == [
        "True Constant [[0.25, 0.25], [0.25, 0.25]]",
        "completion: options: constant: value is -1.0, expected at least 0.",
    ], ran


@pytest.mark.parametrize("taken", ["dnpp", "zeros"])
def test_a_method_of_another_package_takes_no_name_that_is_taken(tmp_path, taken):
    install(tmp_path, taken)
    ran = run_python(f"NAME = '{taken}'{RUN}", tmp_path)
    assert f"the package lab has a method '{taken}', but lacuna.completion." in ran.stdout, ran


def test_a_method_without_a_card_is_told_so(tmp_path):
    install(tmp_path, "constant", "lab")
    ran = run_python(f"NAME = 'constant'{RUN}", tmp_path)
    assert "method constant: lab has no card. Give it METHOD" in ran.stdout, ran
