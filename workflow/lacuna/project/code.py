"""The code that a job runs, as a digest: Snakemake reruns a job whose digest has changed.

It is made of all that the job's script imports from Lacuna, directly or through others, without
comments and docstrings; of what it imports by name, as the configuration says; of files of the
package that these modules read; and of the versions of other packages that they import.
"""

import hashlib
import importlib.util
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from functools import cache, cached_property, partial
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path, PurePosixPath
from platform import python_version_tuple
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import lacuna
from lacuna.completion import registry
from lacuna.project.code_chosen import REGISTRIES, SWEEPS, Job, Registry
from lacuna.project.code_graph import Library, Reached
from lacuna.project.stages import packages

if TYPE_CHECKING:
    from lacuna.project.plan import Plan

# Beside what Snakemake keeps: a loss of it costs a second.
MEMORY = Path(".snakemake/lacuna/code.json")
# What is downloaded is known by its own checksum; no change of code is to bring 49 GB again.
WITHOUT = {"acquire/acquire_file"}
# Files of the package, below lacuna/, that count for whoever imports the module that reads them.
DATA = {
    "lacuna.explore.page_write": ("explore/page/page.html", "explore/page/bundle/*"),
    "lacuna.io.landmarks": ("io/landmarks.tsv",),
    "lacuna.project.config_schema": ("project/common.yaml", "*/schema.yaml"),
    "lacuna.report.page": ("report/assets/*",),
}
# Packages that are called otherwise than their modules, and those that only fetch and show: no
# number comes of them, and they are renewed often.
RENAMED = {"sklearn": "scikit-learn", "umap": "umap-learn", "yaml": "PyYAML"}
SILENT = {"requests", "tqdm", "urllib3"}
DIGITS = 32  # of a digest


class Rule(Protocol):
    """A rule of the workflow, as far as it is asked here; see Snakemake's class of this name."""

    is_script: bool
    script: str
    basedir: Any
    params: Any
    output: Any

    def set_params(self, **params: Any) -> None: ...


class Program(NamedTuple):
    """What a rule runs.

    Attributes
    ----------
    script : str
        As in tensor/build_tensor.
    path : Path
        Where it lies.
    module : str or None
        What it is told to import.
    """

    script: str
    path: Path
    module: str | None = None


class JobCode:
    """The digests of all jobs of a run.

    Parameters
    ----------
    plan
        Of the run.
    memory
        A file that keeps what was read of modules; see `lacuna.project.code_graph.Library`.
    """

    def __init__(self, plan: "Plan", memory: Path | None = MEMORY):
        self.plan, self._memory = plan, memory
        self._digest_of = cache(self._digest_of_parts)
        self._rules: list[Rule] = []

    @cached_property
    def library(self) -> Library:
        """Lacuna, and packages of others that bring methods."""
        roots = {"lacuna": Path(lacuna.__file__).parent}
        for name in registry.available():
            package = registry.module_name(name).partition(".")[0]
            if package not in roots and (spec := importlib.util.find_spec(package)):
                folders = spec.submodule_search_locations
                roots[package] = Path(folders[0] if folders else str(spec.origin))
        return Library(roots, self._memory)

    def add_to(self, rules: Iterable[Rule], find: Callable[[Any], str]) -> None:
        """Give each rule that has a script the parameter `code`, the digest of each of its jobs.

        Parameters
        ----------
        rules
            Those of the workflow.
        find
            Where a source file of Snakemake's lies.
        """
        self._rules = [rule for rule in rules if rule.is_script and _name(rule) not in WITHOUT]
        for rule in self._rules:
            rule.set_params(code=partial(self._code, rule, find))

    def _code(self, rule: Rule, find: Callable[[Any], str], wildcards: Any) -> str:
        return self.digest(_program(rule, find), dict(wildcards.items()))

    def now(self, folder: str | Path) -> dict[str, str]:
        """Return the digests that jobs would have if they ran now, by the paths of their manifests.

        Parameters
        ----------
        folder
            Where the manifests lie, see `lacuna.io.sums`. Those of no job of this configuration are
            left out.
        """
        found = {}
        for path in map(str, Path(folder).rglob("*.tsv")):
            for rule in self._rules:
                # The last output is the manifest; `output.sums` would know no wildcard constraints.
                if match := rule.output[-1].match(path):
                    with suppress(KeyError):  # a method that this configuration does not have
                        found[path] = rule.params.code(match.groupdict())
                    break
        return found

    def digest(self, program: Program, wildcards: Mapping[str, str]) -> str:
        """Return the digest of the code that a job runs."""
        job, (starts, reached) = Job(program.script, wildcards), self.reached(program, wildcards)
        cards = frozenset(
            each.module for each in _registries(reached) if not each.is_run(job, reached.names)
        )
        return self._digest_of(program.path, starts, cards)

    def reached(
        self, program: Program, wildcards: Mapping[str, str]
    ) -> tuple[frozenset[str], Reached]:
        """Return the modules that a job runs by name, and all that it imports."""
        job = Job(program.script, wildcards)
        starts = frozenset([program.module] if program.module else [])
        while True:  # what is run by name may run others by name
            reached = self.library.reach(program.path, starts)
            more = starts.union(
                *(
                    each.runs(self.plan, job)
                    for each in _registries(reached)
                    if each.is_run(job, reached.names)
                ),
                *(_swept(SWEEPS[module]) for module in SWEEPS.keys() & reached.modules),
            )
            if more == starts:
                return starts, reached
            starts = more

    def _digest_of_parts(self, path: Path, starts: frozenset[str], cards: frozenset[str]) -> str:
        reached = self.library.reach(path, starts)
        parts = [f"script {self.library.module(path).code}"]
        parts += [f"{name} {self.library.named(name).code}" for name in sorted(reached.modules)]
        parts += [f"{name} {_sum(file)}" for name, file in sorted(self._data(reached).items())]
        parts += [f"{name} {_version(name)}" for name in sorted(reached.packages - SILENT)]
        parts += [f"python {'.'.join(python_version_tuple()[:2])}"]
        parts += [self._cards(each) for each in REGISTRIES if each.module in cards]
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:DIGITS]

    def _data(self, reached: Reached) -> dict[str, Path]:
        root = self.library.roots["lacuna"]
        return {
            file.relative_to(root).as_posix(): file
            for module in DATA.keys() & reached.modules
            for pattern in DATA[module]
            for file in root.glob(pattern)
        }

    def _cards(self, which: Registry) -> str:
        cards = which.cards(self.plan)
        return "\n".join(f"card {name} {card!r}" for name, card in sorted(cards.items()))


def _registries(reached: Reached) -> Iterator[Registry]:
    return (each for each in REGISTRIES if each.module in reached.modules)


def _name(rule: Rule) -> str:
    return "/".join(PurePosixPath(rule.script).with_suffix("").parts[-2:])


def _program(rule: Rule, find: Callable[[Any], str]) -> Program:
    path = Path(find(rule.basedir.join(rule.script)))
    return Program(_name(rule), path, dict(rule.params.items()).get("module"))


def _swept(names: tuple[str, ...]) -> Iterator[str]:
    for package, modules in packages().items():
        yield from (f"lacuna.{package}.{name}" for name in names if name in modules)


def _sum(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


@cache
def _version(module: str) -> str:
    try:
        return version(RENAMED.get(module, module))
    except PackageNotFoundError:
        return "not installed"
