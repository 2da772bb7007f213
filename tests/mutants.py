"""Do the tests notice faults? Change the numerical core in one place at a time, and run its tests.

    python tests/mutants.py [MODULE ...] [--processes 2] [--seed 0] [--sample 60]

mutmut makes the faults (mutants): another operator or number, an argument left out, a value that
is None. Of each module that tests/unit/{stage}/mutants.toml lists a seeded sample of 60 is tried;
of a MODULE that is named, such as `completion/methods/dnpp`, all are; --sample says how many. A
mutant is killed when a test of its module fails or takes too long. Not changed: texts, docstrings,
type annotations, what is printed, logged or raised, and functions with a decorator (mutmut leaves
them out).

The exit status is 1 where fewer than 80 % are killed, the untouched tests fail, or a mutant that
tests/mutants_equivalent.tsv calls equivalent is killed.
"""

import argparse
import contextlib
import csv
import importlib
import os
import random
import shutil
import signal
import sys
import tempfile
import time
import tomllib
from collections import Counter
from collections.abc import Iterator
from multiprocessing import get_context
from multiprocessing.connection import wait
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import NamedTuple

import libcst as cst
import pytest
from libcst.metadata import MetadataWrapper, ParentNodeProvider
from mutmut.mutation.file_mutation import create_mutations
from scipy.stats import binomtest

ROOT = Path(__file__).resolve().parents[1]
LIBRARY = ROOT / "workflow/lacuna"
UNIT = ROOT / "tests/unit"
LISTS = "mutants.toml"  # of each stage, in the folder of its tests
EQUIVALENT = ROOT / "tests/mutants_equivalent.tsv"
SAMPLE = 60
LEAST_KILLED = 0.8
SPOKEN = {"print", "debug", "info", "warning", "error", "warn", "log"}
# Imported once, so that no mutant pays for it; nothing of Lacuna may be among them.
HEAVY = ["h5py", "hypothesis", "matplotlib.pyplot", "pandas", "scipy.stats", "sklearn.metrics"]
HEAVY += ["torch"]


class Mutant(NamedTuple):
    """A module with one change."""

    line: int
    before: str
    after: str
    source: str


def mutants(path: Path) -> list[Mutant]:
    """Make all mutants of a module, in the order of its lines."""
    source = path.read_text()
    module, mutations, _, _ = create_mutations(str(path), source)
    parents = MetadataWrapper(module, unsafe_skip_copy=True).resolve(ParentNodeProvider)
    made = {}
    for mutation in mutations:
        if not _is_text(mutation.original_node, mutation.mutated_node, parents):
            changed = module.deep_replace(mutation.original_node, mutation.mutated_node).code
            if changed != source:
                made[changed] = _difference(source, changed)
    return sorted(Mutant(*where, changed) for changed, where in made.items())


def _is_text(node: cst.CSTNode, mutated: cst.CSTNode, parents: dict) -> bool:
    strings = (cst.SimpleString, cst.FormattedString, cst.ConcatenatedString)
    at_top = True
    above = node
    while above is not None:
        if isinstance(above, (*strings, cst.Raise)):
            return True
        if isinstance(above, cst.Call):
            called = above.func.attr if isinstance(above.func, cst.Attribute) else above.func
            if isinstance(called, cst.Name) and called.value in SPOKEN:
                return True
        at_top &= not isinstance(above, cst.FunctionDef | cst.Lambda)
        above = parents.get(above)
    if at_top and isinstance(node, cst.Call):  # a card: its label, description and source
        kept = {id(arg.value) for arg in mutated.args}
        return any(isinstance(a.value, strings) and id(a.value) not in kept for a in node.args)
    return at_top and isinstance(getattr(node, "value", None), strings)


def _difference(source: str, changed: str) -> tuple[int, str, str]:
    before, after = source.splitlines(), changed.splitlines()
    start = next(n for n, pair in enumerate(zip(before, after, strict=False)) if pair[0] != pair[1])
    while before[start:] and after[start:] and before[-1] == after[-1]:
        before.pop(), after.pop()
    texts = (" ".join(line.strip() for line in lines[start:]) for lines in (before, after))
    return (start + 1, *texts)


def stages() -> dict[str, dict]:
    """Read what stages list: patterns of `modules`, and `tests` of some beside their mirror."""
    return {
        path.parent.name: tomllib.loads(path.read_text())
        for path in sorted(UNIT.glob(f"*/{LISTS}"))
    }


def listed_modules() -> list[str]:
    """Return the names of the modules that stages list, such as completion/methods/dnpp."""
    found = [
        path
        for stage, listed in stages().items()
        for pattern in listed["modules"]
        for path in sorted((LIBRARY / stage).glob(f"{pattern}.py"))
        if path.stem not in {"__init__", "references"}  # texts alone
    ]
    return [path.relative_to(LIBRARY).with_suffix("").as_posix() for path in found]


def tests_of(module: str) -> list[list[str]]:
    """Give the arguments of pytest for the tests of a module, one list a run."""
    stage, name = module.split("/")[0], module.split("/")[-1]
    mirror = UNIT / stage / f"test_{name.strip('_')}.py"
    runs = [[str(mirror)]] if mirror.is_file() else []
    listed = stages().get(stage, {}).get("tests", {}).get(module.removeprefix(f"{stage}/"), [])
    for entry in listed:
        file, *chosen = [entry] if isinstance(entry, str) else entry
        if not (UNIT / stage / file).is_file():
            sys.exit(f"{UNIT / stage / LISTS}: {module}: there is no {UNIT / stage / file}.")
        runs.append([str(UNIT / stage / file), *(["-k", *chosen] if chosen else [])])
    if not runs:
        sys.exit(f"{module}: no tests. Expected {mirror}, or a file in {UNIT / stage / LISTS}.")
    return runs


def _child(copy: Path, module: str, source: str, runs: list[list[str]]) -> None:
    os.setsid()  # so that what the tests start ends with them
    output = os.open(copy / "output.txt", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(output, 1)
    os.dup2(output, 2)
    (copy / "lacuna" / f"{module}.py").write_text(source)
    sys.path.insert(0, str(copy))
    sys.dont_write_bytecode = True
    os.environ |= {"PYTHONPATH": str(copy), "PYTHONDONTWRITEBYTECODE": "1"}
    os.environ["HYPOTHESIS_STORAGE_DIRECTORY"] = str(copy / "hypothesis")
    os.chdir(ROOT)
    options = ["-x", "-q", "-p", "no:cacheprovider", "-p", "no:xdist"]
    for run in runs:
        if code := int(pytest.main([*options, *run])):
            os._exit(code)
    os._exit(0)


def outcomes(
    module: str, sources: list[str], copies: list[Path], limit: float
) -> Iterator[tuple[int, int | None, float]]:
    """Run a module's tests on each source; yield its number, pytest's code and the seconds.

    The code is None where the tests took longer than the limit.
    """
    original = (LIBRARY / f"{module}.py").read_text()
    runs = tests_of(module)
    context = get_context("fork")
    left, free = list(enumerate(sources)), list(copies)
    running: dict[int, tuple[int, BaseProcess, Path, float]] = {}
    try:
        while left or running:
            while left and free:
                number, source = left.pop(0)
                copy = free.pop()
                process = context.Process(target=_child, args=(copy, module, source, runs))
                process.start()
                running[process.sentinel] = (number, process, copy, time.monotonic())
            wait(list(running), timeout=0.5)
            for sentinel, (number, process, copy, start) in list(running.items()):
                took = time.monotonic() - start
                if process.is_alive() and took < limit:
                    continue
                code = None if process.is_alive() else process.exitcode
                _end(process)
                del running[sentinel]
                (copy / "lacuna" / f"{module}.py").write_text(original)
                free.append(copy)
                yield number, code, took
    finally:  # interrupted: nothing is left behind
        for _, process, _, _ in running.values():
            _end(process)


def _end(process: BaseProcess) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.join()


def equivalents() -> dict[tuple[str, str, str], str]:
    """Read why which mutants do the same as the module, by module, line before and after."""
    with EQUIVALENT.open(newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    return {(row["module"], row["before"], row["after"]): row["reason"] for row in rows}


def share(killed: int, tried: int) -> str:
    """Say what share was killed, with Wilson's 95 % interval."""
    if not tried:
        return "none tried"
    interval = binomtest(killed, tried).proportion_ci(method="wilson")
    return f"{killed / tried:.0%} killed [{interval.low:.0%}, {interval.high:.0%}]"


def examine(module: str, chosen: list[Mutant], of: int, copies: list[Path]) -> tuple[Counter, bool]:
    """Try mutants of a module and print what came out; return counts and whether all is well."""
    original = (LIBRARY / f"{module}.py").read_text()
    [(_, code, took)] = outcomes(module, [original], copies[:1], limit=1800)
    if code:
        print((copies[0] / "output.txt").read_text())
        sys.exit(f"{module}: its tests fail without any change; mend that first.")
    known, counts, shown, well = equivalents(), Counter(), [], True
    results = outcomes(module, [one.source for one in chosen], copies, limit=20 + 5 * took)
    for number, code, _ in results:
        one = chosen[number]
        reason = known.get((module, one.before, one.after))
        kind = "timeout" if code is None else "killed" if code else "survived"
        if reason is not None:
            well &= kind == "survived"
            counts["equivalent"] += 1
        counts[kind] += 1
        if kind == "survived" or reason is not None:
            note = f"  [{kind}; equivalent: {reason}]" if reason is not None else ""
            line = f"  {module}.py:{one.line}{note}\n    - {one.before}\n    + {one.after}"
            shown.append((reason is not None, one.line, line))
    report(module, counts, f"{len(chosen)} of {of} mutants, tests of {took:.0f} s")
    print("".join(f"{line}\n" for *_, line in sorted(shown)), end="", flush=True)
    return counts, well


def report(name: str, counts: Counter, about: str) -> None:
    """Print one line of counts and shares; a timeout counts as killed."""
    tried = counts["killed"] + counts["timeout"] + counts["survived"]
    killed = tried - counts["survived"]
    shares = share(killed, tried)
    if counts["equivalent"]:
        shares += f"; without {counts['equivalent']} equivalent: "
        shares += share(killed, tried - counts["equivalent"])
    print(
        f"{name}: {about}: {counts['killed']} killed, {counts['timeout']} timeouts, "
        f"{counts['survived']} survived: {shares}"
    )


def main() -> int:
    """Return 0 when the tests kill what they must."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("modules", nargs="*", metavar="MODULE", help="such as evaluation/deg")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--sample", type=int, help=f"mutants of each module, {SAMPLE} where none is named"
    )
    asked = parser.parse_args()
    names = [name.removesuffix(".py") for name in asked.modules] or listed_modules()
    os.chdir(ROOT)  # where mutmut looks for its settings
    os.environ |= {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
    for name in HEAVY:
        importlib.import_module(name)
    total, well = Counter(), True
    with tempfile.TemporaryDirectory(prefix="mutants-") as folder:
        copies = [Path(folder, str(number)) for number in range(asked.processes)]
        for copy in copies:
            ignored = shutil.ignore_patterns("__pycache__")
            shutil.copytree(LIBRARY, copy / "lacuna", ignore=ignored)
        for name in names:
            if not (LIBRARY / f"{name}.py").is_file():
                parser.error(f"{name}: no such module under {LIBRARY}; such as evaluation/deg")
            made = mutants(LIBRARY / f"{name}.py")
            chosen = made
            most = asked.sample or (len(made) if asked.modules else SAMPLE)
            if len(made) > most:
                chosen = sorted(random.Random(f"{asked.seed}/{name}").sample(made, most))
            if chosen:
                counts, fits = examine(name, chosen, len(made), copies)
                total += counts
                well &= fits
    report("all", total, f"{len(names)} modules")
    if not well:
        print("What is called equivalent was killed: strike it from tests/mutants_equivalent.tsv.")
    tried = total.total() - total["equivalent"]
    return int(not well or tried - total["survived"] < LEAST_KILLED * tried)


if __name__ == "__main__":
    sys.exit(main())
