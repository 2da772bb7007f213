"""What the report shows is what rules mark for it, with their category, label and caption."""

from types import SimpleNamespace

from lacuna.report.entries import entries


class Output(str):
    """A file of a rule, as Snakemake has it: a text with flags."""

    flags: dict

    @classmethod
    def of(cls, path, **flags):
        made = cls(path)
        made.flags = flags
        return made


def rule(*outputs, **params):
    return SimpleNamespace(output=list(outputs), params=params)


def marked(path, category="2. Data", labels=None, caption="a.rst"):
    report = SimpleNamespace(category=category, labels=labels, caption=caption)
    return Output.of(path, report=report)


def test_marked_files_of_the_run_are_listed_in_the_order_of_the_rules():
    labels = {"figure": "A figure"}
    rules = [
        rule(marked("results/{dataset}/b.html", "1. Summary", labels), data="demo", few=["x"]),
        rule(
            Output.of("results/{dataset}/plain.tsv"), marked("results/{dataset,demo|x\\-y}/a.svg")
        ),
        rule(marked("results/{dataset}/of_another_run.svg")),
    ]
    made = ["results/demo/a.svg", "results/demo/b.html", "results/demo/plain.tsv"]
    found = entries(rules, "results/demo", made, lambda caption: f"text of {caption}")
    assert [one["path"] for one in found] == ["b.html", "a.svg"]
    assert found[0] == {
        "path": "b.html",
        "category": "1. Summary",
        "label": "A figure",
        "caption": "text of a.rst",
        "params": {"data": "demo", "few": ["x"]},
    }


def test_params_that_are_no_plain_values_are_left_out():
    params = {"data": "demo", "few": ["x"], "how": {"a": [1, None]}, "ask": len, "odd": {"a": len}}
    made = marked("results/{dataset}/a.svg", caption=None)
    (found,) = entries([rule(made, **params)], "results/d", ["results/d/a.svg"], str)
    assert set(found["params"]) == {"data", "few", "how"}
    assert found["caption"] == ""
