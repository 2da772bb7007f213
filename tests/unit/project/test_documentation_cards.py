"""Tables made from cards."""

from lacuna.completion.registry import available, card, options_of
from lacuna.evaluation.metrics import METRICS
from lacuna.project.documentation_cards import (
    describe_controls,
    describe_methods,
    describe_metrics,
    describe_options,
)


def rows(table):
    """Return the cells of every row of a Markdown table but its head."""
    lines = table.splitlines()[2:]
    return [[cell.strip() for cell in line.split("|")[1:-1]] for line in lines]


def test_every_method_and_control_has_one_row():
    named = [row[0] for row in rows(describe_methods())]
    controls = [row[0] for row in rows(describe_controls())]
    assert sorted(named + controls) == [f"`{name}`" for name in available()]


def test_every_metric_has_a_row_with_its_chance_level():
    table = {row[0].strip("`"): row for row in rows(describe_metrics())}
    assert list(table) == list(METRICS)
    assert table["retrieval"][4] == "0.5"
    assert table["variance_ratio"][3:5] == ["near 1", ""]


def test_every_option_is_explained_once_for_all_methods_alike():
    told = {}
    for option, methods, values, default, meaning in rows(describe_options()):
        assert meaning and values
        for method in methods.replace("`", "").split(", "):
            assert (method, option) not in told
            told[method, option.strip("`")] = default.strip("`")
    wanted = {
        (method, name)
        for method in available()
        for name in options_of(method)
        if not card(method).label.startswith("control")
    }
    assert told.keys() == wanted
    assert told["dnpp", "neighbours"] == "10"
    assert told["blend", "members"] == "[additive, dnpp, ntk, kernel]"
    assert told["deepcellstate", "per_gene"] == "false"
