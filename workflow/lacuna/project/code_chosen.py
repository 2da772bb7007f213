"""What a job runs, or reads the cards of, by names that the configuration gives.

Methods, encoders and steps lie in registries: modules that import others by name, so that no import
statement tells which. Here stands which of them a job runs. Where that cannot be told, all that the
configuration names count.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lacuna.cell_to_cell import stage as cell_to_cell
from lacuna.completion import registry as methods
from lacuna.predict import stage as predict
from lacuna.retrieval import card as retrieval
from lacuna.retrieval import stage as retrieval_stage
from lacuna.single_cell import card as single_cell
from lacuna.single_cell import stage as single_cell_stage
from lacuna.structures import card as encoders
from lacuna.translation import card as translation
from lacuna.translation.chain import END_TO_END

if TYPE_CHECKING:
    from lacuna.project.plan import Plan

# An encoder that figures of a retrieval always use: `lacuna.retrieval.rank_jobs.FINGERPRINT`.
OF_FIGURES = "morgan"
STEPS = ("landmarks", "genome")


@dataclass(frozen=True)
class Job:
    """A job, as far as it chooses what it runs.

    Attributes
    ----------
    script : str
        As in tensor/build_tensor.
    wildcards : dict of str
        Of its rule.
    """

    script: str
    wildcards: Mapping[str, str]

    @property
    def stage(self) -> str:
        """The stage that its script belongs to."""
        return self.script.split("/")[0]


@dataclass(frozen=True)
class Registry:
    """A module that imports others by name.

    Attributes
    ----------
    module : str
    loaders : frozenset of str
        Its functions that give what is run; who imports none of them reads cards alone.
    spared : frozenset of str
        Scripts that import who loads, for something else: they read cards alone, too.
    runs : callable
        (plan, job) to the modules that the job runs.
    cards : callable
        Plan to the cards of all that the configuration names, by name.
    """

    module: str
    loaders: frozenset[str]
    spared: frozenset[str]
    runs: "Callable[[Plan, Job], Iterable[str]]"
    cards: "Callable[[Plan], Mapping[str, object]]"

    def is_run(self, job: Job, names: frozenset[tuple[str, str]]) -> bool:
        """Return whether a job that imports these names runs what lies here."""
        loads = any((self.module, loader) in names for loader in self.loaders)
        return loads and job.script not in self.spared


def _methods(plan: "Plan", job: Job) -> Iterator[str]:
    if "method" in job.wildcards:
        player = plan.players[job.wildcards["method"]]
        runs = [(player.method, player.options)]
    elif "training" in job.wildcards:
        training = cell_to_cell.trainings(plan.config)[job.wildcards["training"]]
        runs = [(training.method, training.options), (cell_to_cell.COPY, {})]
    elif job.stage == "cell_to_cell":
        runs = [(cell_to_cell.NETWORK, cell_to_cell.options(plan.config)), (cell_to_cell.COPY, {})]
    else:
        one = predict.method(plan.config) if job.stage == "predict" else None
        players = [plan.players[one]] if one else plan.players.values()
        runs = [(player.method, player.options) for player in players]
    for name in {part for run in runs for part in with_parts(*run)}:
        yield methods.module_name(name)


def with_parts(method: str, options: Mapping[str, Any]) -> set[str]:
    """Return a method and all that it runs: members of a blend, what it falls back on.

    They are told by its options, or by their defaults: texts that name a method.
    """
    found: set[str] = set()
    todo: list[tuple[str, Mapping[str, Any]]] = [(method, options)]
    while todo:
        name, given = todo.pop()
        found.add(name)
        declared = {key: option.default for key, option in methods.options_of(name).items()}
        for value in (declared | {**given}).values():
            named = value if isinstance(value, list | tuple) else [value]
            texts = {text for text in named if isinstance(text, str)}
            todo += [(text, {}) for text in texts & {*methods.available()} - found]
    return found


def _method_cards(plan: "Plan") -> dict[str, object]:
    return {player.method: methods.card(player.method) for player in plan.players.values()}


def _encoder_names(plan: "Plan", stage: str = "") -> list[str]:
    config, found = plan.config, []
    if stage != "single_cell" and retrieval_stage.wanted(config):
        found += [*config["retrieval"]["encoders"], OF_FIGURES]
        found += [name for one in retrieval_stage.alignments(config) for name in _of(plan, one)]
    if stage != "retrieval" and single_cell_stage.wanted(config):
        found += single_cell_stage.encoded(config)
        found += [single_cell_stage.encoder(config, name) for name in _models(plan)]
    return [name for name in dict.fromkeys(found) if name in encoders.available()]


def _of(plan: "Plan", alignment: str) -> list[str]:
    options = retrieval_stage.alignments(plan.config)[alignment]
    usual = plan.config["retrieval"]["encoders"][0]
    return [options.get(retrieval.ENCODER, usual), options.get(retrieval.APPEND, "")]


def _models(plan: "Plan") -> Iterable[str]:
    return single_cell_stage.models(plan.config)


def _encoders(plan: "Plan", job: Job) -> Iterator[str]:
    if "encoder" in job.wildcards:
        names = [job.wildcards["encoder"]]
    elif "alignment" in job.wildcards:
        names = _of(plan, job.wildcards["alignment"])
    elif "network" in job.wildcards:
        names = [single_cell_stage.encoder(plan.config, job.wildcards["network"])]
    else:
        names = _encoder_names(plan, job.stage)
    for name in names:
        if name in encoders.available():  # others are tables of vectors, or are learnt
            yield f"{encoders.encoders.__name__}.{name}"


def _retrieval(plan: "Plan", job: Job) -> Iterator[str]:
    for name in plan.config["retrieval"]["methods"]:
        yield f"{retrieval.methods.__name__}.{name}"


def _single_cell(plan: "Plan", job: Job) -> Iterator[str]:
    for name in plan.config["single_cell"]["methods"]:
        yield f"{single_cell.methods.__name__}.{name}"


def _step_names(plan: "Plan") -> set[tuple[str, str]]:
    block = plan.config["translation"]
    first = {("landmarks", name) for name in [*block["landmarks"], *block[END_TO_END]]}
    return first | {("genome", name) for name in block["genome"]}


def _steps(plan: "Plan", job: Job) -> Iterator[str]:
    steps = _step_names(plan)
    if "step" in job.wildcards:
        kind = "genome" if job.script == "translation/train_genome" else "landmarks"
        steps = {(kind, job.wildcards["step"])}
    for kind, name in steps:
        yield f"{translation.PACKAGES[kind].__name__}.{name}"


REGISTRIES = (
    Registry(
        "lacuna.completion.registry",
        frozenset({"find_method", "find_restore"}),
        # They read what others imputed, and gather what others scored.
        frozenset({"classification/classify_drugs", "cell_to_cell/gather_variations"}),
        _methods,
        _method_cards,
    ),
    Registry(
        "lacuna.structures.card",
        frozenset({"encoder_module"}),
        frozenset(),
        _encoders,
        lambda plan: {name: encoders.encoder_card(name) for name in _encoder_names(plan)},
    ),
    Registry(
        "lacuna.retrieval.card",
        frozenset({"method_module"}),
        # Only rank_molecules fits methods.
        frozenset(
            f"retrieval/{script}"
            for script in (
                *("align", "assemble_retriever", "project_embeddings"),
                *("score_retrieval", "show_examples", "tabulate_retrieval"),
            )
        ),
        _retrieval,
        lambda plan: {n: retrieval.method_card(n) for n in plan.config["retrieval"]["methods"]},
    ),
    Registry(
        "lacuna.translation.card",
        frozenset({"step_module"}),
        frozenset(),
        _steps,
        lambda plan: {"/".join(step): translation.step_card(*step) for step in _step_names(plan)},
    ),
    Registry(
        "lacuna.single_cell.card",
        frozenset({"method_module"}),
        frozenset(),
        _single_cell,
        lambda plan: {n: single_cell.method_card(n) for n in plan.config["single_cell"]["methods"]},
    ),
)
# Modules that import all of a name, whatever stage it belongs to; only the report reaches them.
SWEEPS = {
    "lacuna.report.published": ("published",),
    "lacuna.report.headline": ("headline", "stage"),
}
