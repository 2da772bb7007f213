"""FigureCard: what the plan and the report know of a figure before it is drawn."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

Config = Mapping[str, Any]
# Files below results/{dataset}, by the name that the figure's `make` finds them under.
Files = Mapping[str, str | list[str]]

SUMMARY = "1. Summary"
DATA = "2. Data"
PREDICTIONS = "3. Predictions"
APPLICATIONS = "4. Applications"
CELL_TO_CELL = "5. Cell to cell"
TRANSLATION = "6. Translation"
RETRIEVAL = "7. Retrieval"
SINGLE_CELL = "8. Single cells"


def _always(config: Config) -> bool:
    return True


def _nothing(config: Config) -> dict[str, object]:
    return {}


@dataclass(frozen=True)
class FigureCard:
    """A figure is a module of `lacuna.{stage}.figures` with `FIGURE`, its card, and

        make(files, params) -> (matplotlib Figure, DataFrame of what it draws)

    and a caption, workflow/report/{stage}/{figure}.rst.

    Attributes
    ----------
    label
        How the report lists it: in words, then in brackets the figure of a paper that it follows.
    category
        The section of the report that it stands in.
    files
        What it is drawn from, given the configuration.
    params
        What else `make` and the caption need; `data`, the name of the data, always comes with it.
    wanted
        Whether a run of this configuration draws it.
    timed
        Whether it draws how long jobs took, which no two runs share: it is compared with none.
    place
        Where it stands in its section of the report: 1 first; what says nothing stands at 5, in the
        order of the rules.
    """

    label: str
    category: str
    files: Callable[[Config], Files]
    params: Callable[[Config], Mapping[str, object]] = _nothing
    wanted: Callable[[Config], bool] = _always
    timed: bool = False
    place: int = 5
