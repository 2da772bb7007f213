"""The packages of the library stand in an order, and nothing imports against it."""

import ast
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import NamedTuple

import pytest

WORKFLOW = Path(__file__).parents[3] / "workflow"
# From the ground up. What stands in one line does not know what stands beside it.
ORDER = [
    ["errors"],
    ["vectors"],
    ["io"],
    ["runtime", "drawing", "structures"],
    ["simulation"],
    ["acquire"],  # a simulated screen is acquired, too
    ["signatures"],
    ["tensor"],
    ["networks"],
    ["completion"],
    ["evaluation"],
    [
        *("classification", "enrichment", "cell_to_cell"),
        *("translation", "retrieval", "single_cell"),
    ],
    ["explore"],
    ["predict"],
    ["report"],
    ["project"],
    ["command"],
    ["__init__"],  # the face: shows everything, and is imported by nothing inside
]
SYSTEMS = next(level for level, packages in enumerate(ORDER) if "classification" in packages)
LEVEL = {package: level for level, packages in enumerate(ORDER) for package in packages}


class Import(NamedTuple):
    """A line of a module that imports something."""

    where: str
    module: str
    imported: str

    def __str__(self) -> str:
        return f"{self.where}: {self.module} imports {self.imported}"


def modules(workflow: Path) -> dict[str, Path]:
    """Find the modules of the library, by name; a package's is that of its __init__."""
    named = {}
    for path in sorted((workflow / "lacuna").rglob("*.py")):
        parts = path.relative_to(workflow).with_suffix("").parts
        named[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return named


def imports(workflow: Path) -> Iterator[Import]:
    """Find all imports of all modules: in functions, for type checkers and by a text, too."""
    named = modules(workflow)
    for module, path in named.items():
        package = module if path.stem == "__init__" else module.rpartition(".")[0]
        for node in ast.walk(ast.parse(path.read_text())):
            for imported in sorted(set(_imported(node, package, set(named)))):
                yield Import(f"{path.relative_to(workflow)}:{node.lineno}", module, imported)


def _imported(node: ast.AST, package: str, named: set[str]) -> Iterator[str]:
    match node:
        case ast.Import():
            # `import lacuna` alone asks where the packages lie, not what the face shows.
            yield from (name.name for name in node.names if name.name != "lacuna")
        case ast.ImportFrom():
            source = node.module or ""
            if node.level:
                parents = package.split(".")[: len(package.split(".")) - node.level + 1]
                source = ".".join([*parents, *source.split(".")]).rstrip(".")
            for name in node.names:
                submodule = f"{source}.{name.name}"
                yield submodule if submodule in named else source
        case ast.Call(func=ast.Attribute(attr="import_module") | ast.Name(id="__import__")):
            yield from (part.value for part in node.args if isinstance(part, ast.Constant))


def package_of(module: str) -> str:
    """Give the name in ORDER of what a module belongs to."""
    return module.split(".")[1] if "." in module else "__init__"


def levels(workflow: Path) -> dict[str, int]:
    """Return the level of every package; a stage that ORDER does not name is one of the systems."""
    stages = {path.parent.name for path in (workflow / "lacuna").glob("*/stage.py")}
    return dict.fromkeys(stages, SYSTEMS) | LEVEL


def against_the_order(found: list[Import], level: dict[str, int] = LEVEL) -> list[str]:
    """Name the imports of the library's own that go upwards, sideways or to nowhere."""
    wrong = []
    for one in found:
        if one.imported.split(".")[0] != "lacuna":
            continue
        source, target = package_of(one.module), package_of(one.imported)
        unknown = {source, target} - set(level)
        if unknown:
            wrong.append(f"{one}; {', '.join(sorted(unknown))} has no place in ORDER")
        elif source != target and level[target] >= level[source]:
            direction = "upwards" if level[target] > level[source] else "sideways"
            wrong.append(f"{one}, {direction}")
    return wrong


def circle(found: list[Import]) -> list[str]:
    """Give the modules of a circle of imports, or nothing where there is none."""
    graph: dict[str, set[str]] = {}
    for one in found:
        if one.imported.split(".")[0] == "lacuna":
            graph.setdefault(one.module, set()).add(one.imported)
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return error.args[1]
    return []


def of_snakemake(found: list[Import]) -> list[str]:
    """Name the imports of Snakemake: the library is used by scripts, and may start a process."""
    return [str(one) for one in found if one.imported.split(".")[0].startswith("snakemake")]


def of_the_judge(found: list[Import]) -> list[str]:
    """Name the imports by which a method could see how it is judged."""
    judge = LEVEL["evaluation"]
    return [
        str(one)
        for one in found
        if one.module.startswith("lacuna.completion.")
        and one.imported.startswith("lacuna.")
        and LEVEL.get(package_of(one.imported), judge) >= judge
    ]


@pytest.fixture(scope="module")
def found():
    return list(imports(WORKFLOW))


def test_every_package_has_a_place_in_the_order():
    packages = {package_of(module) for module in modules(WORKFLOW)}
    assert packages - set(levels(WORKFLOW)) == set()


def test_nothing_imports_upwards_or_sideways(found):
    assert against_the_order(found, levels(WORKFLOW)) == []


def test_no_imports_go_in_a_circle(found):
    assert circle(found) == []


def test_the_library_imports_no_snakemake(found):
    assert of_snakemake(found) == []


def test_no_method_sees_the_judge(found):
    assert of_the_judge(found) == []


@pytest.mark.parametrize(
    ("path", "source", "check", "named"),
    [
        ("io/gctx.py", "from lacuna.tensor import build\n", against_the_order, "upwards"),
        ("io/gctx.py", "import lacuna.tensor.build\n", against_the_order, "upwards"),
        ("io/gctx.py", "from ..tensor.build import f\n", against_the_order, "upwards"),
        ("runtime/a.py", "from lacuna.drawing import style\n", against_the_order, "sideways"),
        ("project/a.py", "from lacuna import __version__\n", against_the_order, "upwards"),
        ("heap.py", "import lacuna.errors\n", against_the_order, "heap has no place"),
        (
            "completion/methods/dnpp.py",
            "def f():\n    from lacuna.evaluation.metrics import METRICS\n",
            of_the_judge,
            "dnpp.py:2: lacuna.completion.methods.dnpp imports lacuna.evaluation.metrics",
        ),
        (
            "completion/run.py",
            "if TYPE_CHECKING:\n    from lacuna.project.plan import Plan\n",
            of_the_judge,
            "run.py:2",
        ),
        (
            "completion/run.py",
            "importlib.import_module('lacuna.evaluation.metrics')\n",
            of_the_judge,
            "run.py:1",
        ),
        ("command.py", "def f():\n    import snakemake.api\n", of_snakemake, "command.py:2"),
    ],
)
def test_a_planted_fault_is_found_and_named(path, source, check, named, tmp_path):
    for ground in ("errors.py", "tensor/build.py", "drawing/style.py", path):
        (tmp_path / "lacuna" / ground).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "lacuna" / ground).touch()
    (tmp_path / "lacuna" / path).write_text(source)
    [fault] = check(list(imports(tmp_path)))
    assert named in fault


def test_a_planted_circle_is_found(tmp_path):
    (tmp_path / "lacuna/io").mkdir(parents=True)
    for module, other in ("ab", "bc", "ca"):
        (tmp_path / f"lacuna/io/{module}.py").write_text(f"from lacuna.io.{other} import f\n")
    assert set(circle(list(imports(tmp_path)))) == {f"lacuna.io.{module}" for module in "abc"}
