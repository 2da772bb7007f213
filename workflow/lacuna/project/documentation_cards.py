"""Tables of methods, their options, splits and metrics, from their cards."""

from collections.abc import Iterable, Sequence

from lacuna.cell_to_cell.analyses import ANALYSES
from lacuna.completion.card import DeclaredOption
from lacuna.completion.registry import available, card, is_control, options_of
from lacuna.evaluation.metrics import METRICS
from lacuna.evaluation.splits import SPLITS
from lacuna.translation.card import PACKAGES, step_card, step_options
from lacuna.translation.card import available as available_steps


def describe_methods() -> str:
    """Return the table of methods: name, what it does, what it needs, source."""
    cards = {name: card(name) for name in _methods()}
    return _table(
        ("method", "called", "what it does", "what it uses", "source"),
        (
            (f"`{name}`", method.label, method.summary, ", ".join(method.needs), method.source)
            for name, method in cards.items()
        ),
    )


def describe_controls() -> str:
    """Return the table of controls."""
    names = [name for name in available() if is_control(name)]
    return _table(("control", "what it predicts"), ((f"`{n}`", card(n).summary) for n in names))


def describe_options() -> str:
    """Return the table of all methods' options; one that several methods have alike, once."""
    rows: dict[tuple[str, ...], list[str]] = {}
    for method in _methods():
        for option in options_of(method).values():
            rows.setdefault(_option_row(option), []).append(f"`{method}`")
    return _table(
        ("option", "of", "values", "default", "meaning"),
        ((row[0], ", ".join(methods), *row[1:]) for row, methods in rows.items()),
    )


def describe_analyses() -> str:
    """Return the table of analyses of the prediction from cell to cell."""
    return _table(
        ("analysis", "what it asks"),
        ((f"`{name}`", analysis.summary) for name, analysis in ANALYSES.items()),
    )


def describe_steps() -> str:
    """Return the table of the steps of a translation."""
    rows = []
    for number, kind in enumerate(PACKAGES, start=1):
        for name in available_steps(kind):
            step = step_card(kind, name)
            passes = "yes" if step.linear else "no"
            rows.append((str(number), f"`{name}`", step.label, step.summary, passes, step.source))
    heading = ("step", "name", "called", "what it does", "signatures pass", "source")
    return _table(heading, rows)


def describe_step_options() -> str:
    """Return the table of the options of steps."""
    return _table(
        ("step", "option", "values", "default", "meaning"),
        (
            (f"`{name}`", *_option_row(option))
            for kind in PACKAGES
            for name in available_steps(kind)
            for option in step_options(kind, name).values()
        ),
    )


def describe_splits() -> str:
    """Return the table of what is held out."""
    return _table(
        ("split", "called", "what is held out", "source"),
        ((f"`{s.name}`", s.label, s.summary, s.source) for s in SPLITS.values()),
    )


def describe_metrics() -> str:
    """Return the table of metrics: name, what it measures, which values are better, chance."""
    return _table(
        ("metric", "called", "what it measures", "better", "chance", "source"),
        (
            (
                f"`{metric.name}`",
                metric.label,
                metric.summary,
                metric.better,
                "" if metric.chance is None else f"{metric.chance:g}",
                metric.source,
            )
            for metric in METRICS.values()
        ),
    )


def _methods() -> list[str]:
    return [name for name in available() if not is_control(name)]


def _option_row(option: DeclaredOption) -> tuple[str, ...]:
    kind = "" if option.meaning.choices else option.type_name
    values = ", ".join(filter(None, (kind, option.bounds)))
    default = option.default
    if isinstance(default, bool):
        shown = str(default).lower()
    elif isinstance(default, Sequence) and not isinstance(default, str):
        shown = f"[{', '.join(map(str, default))}]"
    else:
        shown = str(default)
    return f"`{option.name}`", values, f"`{shown}`", option.meaning.summary


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "".join(
        f"| {' | '.join(cell.replace('|', '&#124;') for cell in row)} |\n" for row in lines
    )
