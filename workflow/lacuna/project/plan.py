"""What a run makes, and what its jobs need: the plan, from the configuration alone."""

import pkgutil
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from lacuna.acquire.inputs import Inputs
from lacuna.completion.card import gpus_of
from lacuna.completion.registry import card, network_mb, options_of
from lacuna.completion.variants import Variant
from lacuna.drawing.card import FigureCard
from lacuna.evaluation import stage as evaluation
from lacuna.predict import stage as predict
from lacuna.project.config import notices, prepare
from lacuna.project.stages import is_wanted, packages, stages, wanted_stages

PER_FIGURE = ("svg", "png", "tsv")
# MB of memory of a method's job: to start, and for each MB of the tensor's file, which has 256
# profiles of 978 genes. Measured by `make bench-complete`.
START_MB, PER_MB = 1000, 16
# A kernel of all training profiles, which grows with their square as long as it is exact.
KERNEL_PER_SQUARE_MB, MOST_KERNEL_MB = 0.27, 3600
GRIDS_PER_MB = 10  # the whole grid, of which about a tenth is measured
Shape = tuple[int, int]  # how many cells and genes a tensor has
PAPER_SHAPE: Shape = 71, 978
# Minutes to start, and per fit of a tensor of 1 MB; they grow with drugs squared times cells.
QUICK_MINUTES, SLOW_MINUTES = (1, 0.002), (10, 0.05)


@dataclass(frozen=True)
class PlannedFigure:
    """A figure that a run draws.

    Attributes
    ----------
    name, stage
        The module lacuna.{stage}.figures.{name}.
    card : FigureCard
    """

    name: str
    stage: str
    card: FigureCard

    @property
    def module(self) -> str:
        """The module that draws it."""
        return f"lacuna.{self.stage}.figures.{self.name}"

    @property
    def rule(self) -> str:
        """The rule that draws it."""
        return f"draw_{self.name}"

    @property
    def path(self) -> str:
        """Its files below results/{dataset}, without their endings."""
        return f"{self.stage}/figures/{self.name}"


@dataclass(frozen=True)
class Plan:
    """What a run of one configuration makes.

    Attributes
    ----------
    config : dict
        The configuration: old keys renamed, defaults filled in, checked.
    notices : list of str
        What the user should know of it, such as keys that have other names now.
    inputs : Inputs
        The files that the run starts from.
    methods, players : dict of Variant
        The methods compared; the methods and the controls.
    figures : dict of PlannedFigure
        By name.
    """

    config: Mapping[str, Any]
    notices: list[str]
    inputs: Inputs
    methods: Mapping[str, Variant]
    players: Mapping[str, Variant]
    figures: Mapping[str, PlannedFigure]

    @classmethod
    def of(cls, config: Mapping[str, Any]) -> "Plan":
        """Plan a run.

        Raises
        ------
        LacunaError
            If the configuration has mistakes.
        """
        prepared = prepare(config)
        return cls(
            config=prepared,
            notices=notices(config),
            inputs=Inputs.of(prepared),
            methods=evaluation.methods(prepared),
            players=evaluation.players(prepared),
            figures={
                figure.name: figure
                for figure in all_figures()
                if is_wanted(figure.stage, prepared) and figure.card.wanted(prepared)
            },
        )

    @property
    def dataset(self) -> str:
        """The name of the run."""
        return self.config["dataset"]

    @property
    def folder(self) -> str:
        """Where its results lie."""
        return f"results/{self.dataset}"

    @property
    def report(self) -> str:
        """The report of the run."""
        return f"{self.folder}/report.html"

    @property
    def figure_files(self) -> list[str]:
        """All files of all figures."""
        return [
            f"{self.folder}/{figure.path}.{ending}"
            for figure in self.figures.values()
            for ending in PER_FIGURE
        ]

    @property
    def products(self) -> list[str]:
        """The finished tensors."""
        return [
            f"{self.folder}/completed/{method}.gctx"
            for method in self.config["completion"]["completed"]
        ]

    @property
    def results(self) -> list[str]:
        """All that the report shows, but for the page about the run itself."""
        made = [
            f"{self.folder}/{file}"
            for module in wanted_stages(self.config)
            for file in module.results(self.config)
        ]
        return [*made, *self.figure_files]

    @property
    def published_files(self) -> dict[str, list[str]]:
        """The files that hold numbers which papers print too, by name, below results/{dataset}."""
        return {
            name: files
            for module in wanted_stages(self.config)
            if hasattr(module, "published")
            for name, files in module.published(self.config).items()
        }

    @property
    def splits(self) -> dict[str, Mapping[str, Any]]:
        """The splits, by name: sizes and folds."""
        return self.config["evaluation"]["splits"]

    def preflight(self, sources: str, targets: Iterable[str]) -> None:
        """Look at the data before the first job, see `lacuna.project.preflight`.

        Parameters
        ----------
        sources
            The table of sources, where the configuration names none.
        targets
            What Snakemake was asked for by name; without any, for the report.
        """
        # Of a simulated screen, only what the user brings can be wrong.
        if self.inputs.simulated and not predict.table(self.config):
            return
        from lacuna.project.preflight import preflight  # heavy, and no job needs it

        stops = self.asks_for_report(targets)
        preflight(self.config, self.config["acquire"]["sources"] or sources, stops=stops)

    def asks_for_report(self, targets: Iterable[str]) -> bool:
        """Return whether a run is to make its report, by what Snakemake was asked for by name."""
        asked = {*targets}
        return not asked or bool(asked & {"all", self.report})

    def variant(self, name: str) -> dict[str, Any]:
        """Return the method and the options that a name stands for, as a rule's parameter."""
        return {"method": self.players[name].method, "options": dict(self.players[name].options)}

    def gpus(self, method: str) -> int:
        """Return how many GPUs a job of the method asks for."""
        player = self.players[method]
        return gpus_of(options_of(player.method), player.options)

    def group(self, method: str, size: str = "large") -> str | None:
        """Return the group of jobs that a cluster runs as one: of those that take seconds."""
        quick = card(self.players[method].method).quick or size == "small"
        return "quick" if quick and not self.gpus(method) else None

    def memory_mb(self, method: str, tensor_mb: float, shape: Shape = PAPER_SHAPE) -> int:
        """Return the MB of memory that a method needs, see the function of this name."""
        player = self.players[method]
        return memory_mb(player.method, tensor_mb, player.options, shape)

    def minutes(self, method: str, fits: int, tensor_mb: float) -> float:
        """Return the minutes that a method needs for so many fits."""
        quick = card(self.players[method].method).quick
        start, per_fit = QUICK_MINUTES if quick else SLOW_MINUTES
        return start + fits * per_fit * tensor_mb**1.5


def memory_mb(
    method: str,
    tensor_mb: float,
    options: Mapping[str, object] | None = None,
    shape: Shape = PAPER_SHAPE,
) -> int:
    """Return the MB of memory that a method needs to fit a tensor of so many MB, or to complete it.

    Predictions are made and written in blocks, so that their number does not count. `shape` is how
    many cells and genes the tensor has, which says how large a network is.
    """
    its = card(method)
    need = START_MB + (PER_MB + GRIDS_PER_MB * its.grids) * tensor_mb
    if its.holds_kernel:
        need += min(KERNEL_PER_SQUARE_MB * tensor_mb**2, MOST_KERNEL_MB)
    return round(need + network_mb(method, *shape, options or {}))


def one_of(names: Iterable[str]) -> str:
    """Return the pattern of a wildcard that takes one of these values; none if there are none."""
    return "|".join(map(re.escape, names)) or "(?!)"


def in_results(files: Any) -> Any:
    """Return paths below results/{dataset}, of a path, or of a list or mapping of them."""
    if isinstance(files, str):
        return f"results/{{dataset}}/{files}"
    if isinstance(files, Mapping):
        return {name: in_results(file) for name, file in files.items()}
    return [in_results(file) for file in files]


def all_figures() -> list[PlannedFigure]:
    """Return every figure of every stage: the modules of lacuna.{stage}.figures."""
    return [
        PlannedFigure(module.name, stage, import_module(f"{package.__name__}.{module.name}").FIGURE)
        for stage in stages()
        if "figures" in packages()[stage]
        for package in [import_module(f"lacuna.{stage}.figures")]
        for module in pkgutil.iter_modules(package.__path__)
    ]
