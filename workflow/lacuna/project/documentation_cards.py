"""Tables of methods, their options, splits and metrics, from their cards."""

from collections.abc import Iterable, Sequence

from lacuna.cell_to_cell.analyses import ANALYSES
from lacuna.completion.card import DeclaredOption, Method
from lacuna.completion.registry import available, card, is_control, options_of
from lacuna.evaluation.metrics import METRICS
from lacuna.evaluation.splits import SPLITS
from lacuna.retrieval.card import alignment_options, method_card, method_options
from lacuna.retrieval.card import available as available_rankers
from lacuna.single_cell import card as single_cell
from lacuna.single_cell.metrics import METRICS as CELL_METRICS
from lacuna.single_cell.model.presets import PRESETS
from lacuna.structures.card import available as available_encoders
from lacuna.structures.card import encoder_card, encoder_options
from lacuna.translation.card import PACKAGES, step_card, step_options
from lacuna.translation.card import available as available_steps


def describe_methods() -> str:
    """Return the table of methods: name, what it does, what it needs, source."""
    cards = {name: card(name) for name in _methods()}
    return _table(
        ("method", "called", "what it does", "what it uses", "source"),
        (
            (f"`{name}`", method.label, method.summary, ", ".join(_uses(method)), method.source)
            for name, method in cards.items()
        ),
    )


def _uses(method: Method) -> list[str]:
    return [*method.needs, *(["the whole grid in memory"] if method.grids else [])]


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


def describe_options_of(method: str) -> str:
    """Return the table of the options of one method."""
    return _table(
        ("option", "values", "default", "meaning"),
        (_option_row(option) for option in options_of(method).values()),
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


def describe_rankers() -> str:
    """Return the table of the methods of a retrieval."""
    cards = {name: method_card(name) for name in available_rankers()}
    return _table(
        ("name", "called", "what it does", "source"),
        ((f"`{name}`", card.label, card.summary, card.source) for name, card in cards.items()),
    )


def describe_ranker_options() -> str:
    """Return the table of the options of methods of a retrieval, and of alignments."""
    return _table(
        ("of", "option", "values", "default", "meaning"),
        (
            *(
                (f"`{name}`", *_option_row(option))
                for name in available_rankers()
                for option in method_options(name).values()
            ),
            *(("alignments", *_option_row(option)) for option in alignment_options().values()),
        ),
    )


def describe_cell_methods() -> str:
    """Return the table of the plain methods and controls of single cells."""
    cards = {name: single_cell.method_card(name) for name in single_cell.available()}
    return _table(
        ("name", "called", "what it does", "source"),
        ((f"`{name}`", card.label, card.summary, card.source) for name, card in cards.items()),
    )


def describe_cell_options() -> str:
    """Return the table of the options of plain methods and of networks of single cells."""
    return _table(
        ("of", "option", "values", "default", "meaning"),
        (
            *(
                (f"`{name}`", *_option_row(option))
                for name in single_cell.available()
                for option in single_cell.method_options(name).values()
            ),
            *(("models", *_option_row(option)) for option in single_cell.model_options().values()),
        ),
    )


def describe_cell_presets() -> str:
    """Return the table of what the presets of a network differ in."""
    names = list(dict.fromkeys(key for preset in PRESETS.values() for key in preset))
    unlike = [name for name in names if len({str(p.get(name)) for p in PRESETS.values()}) > 1]
    return _table(
        ("option", *(f"`{name}`" for name in PRESETS)),
        ((f"`{name}`", *(str(p.get(name)) for p in PRESETS.values())) for name in unlike),
    )


def describe_cell_metrics() -> str:
    """Return the table of the scores of single cells."""
    return _table(
        ("metric", "called", "what it measures", "better", "what doing nothing scores"),
        (
            (
                f"`{metric.name}`",
                metric.label,
                metric.summary,
                metric.better,
                f"{metric.nothing}",
            )
            for metric in CELL_METRICS.values()
        ),
    )


def describe_encoders() -> str:
    """Return the table of the encoders of molecules, with their options."""
    rows = []
    for name in available_encoders():
        card = encoder_card(name)
        choices = [
            f"`{option.name}`: {', '.join(map(str, option.meaning.values))} ({option.default})"
            for option in encoder_options(name).values()
        ]
        rows.append((f"`{name}`", card.label, card.summary, "; ".join(choices), card.source))
    return _table(("name", "called", "what it gives", "options (default)", "source"), rows)


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
