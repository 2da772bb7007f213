"""What modules import, and what they say without their words: read from their text, never run."""

import ast
import atexit
import hashlib
import json
import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple
from uuid import uuid4

# Calls that import what they are given as a text, and which argument that is.
IMPORTERS = {"import_module": 0, "optional": 0, "require_extra": 0, "import_extra": 1}


BLOCKS = ("body", "orelse", "finalbody")
KEPT_EVERY = 40  # modules


class Module(NamedTuple):
    """What a file of Python says.

    Attributes
    ----------
    code : str
        A digest of its code: comments, docstrings and layout leave it as it is.
    imports : tuple of (str, str)
        Modules, each with the name that is taken out of it; an empty one for the module itself.
    shows : dict of str, or None
        Of a lazy face, a package that imports a name only when somebody asks for it: the module of
        each name. None of every other file.
    """

    code: str
    imports: tuple[tuple[str, str], ...]
    shows: dict[str, str] | None


def read_module(source: bytes, package: str = "") -> Module:
    """Read what a file says.

    Parameters
    ----------
    source
        Its content.
    package
        The package that it lies in, for imports relative to it; empty for a script.
    """
    tree = ast.parse(source)
    is_face = any(isinstance(n, ast.FunctionDef) and n.name == "__getattr__" for n in tree.body)
    shown = [
        (target, name)
        for node in tree.body
        if _is_for_checkers(node)
        for part in ast.walk(node)
        for target, name in _imported(part, package)
    ]
    imports = {pair for node in _without_words(tree) for pair in _imported(node, package)}
    code = hashlib.sha256(ast.dump(tree, annotate_fields=False).encode()).hexdigest()
    shows = {name: target for target, name in shown} if is_face else None
    return Module(code, tuple(sorted(imports)), shows)


def _is_for_checkers(node: ast.AST) -> bool:
    if not isinstance(node, ast.If):
        return False
    name = node.test.attr if isinstance(node.test, ast.Attribute) else node.test
    return name == "TYPE_CHECKING" or (isinstance(name, ast.Name) and name.id == "TYPE_CHECKING")


def _without_words(tree: ast.AST) -> Iterator[ast.AST]:
    """Drop what no run sees, texts that stand alone and what only a type checker imports; walk."""
    todo = [tree]
    while todo:
        node = todo.pop()
        for field in BLOCKS:
            lines = getattr(node, field, None)
            if isinstance(lines, list):  # a lambda has a body, too
                setattr(node, field, [kept for line in lines for kept in _kept(line)])
        yield node
        todo += ast.iter_child_nodes(node)


def _kept(line: ast.AST) -> list[Any]:
    if isinstance(line, ast.Expr) and isinstance(line.value, ast.Constant):
        return []
    return [*line.orelse] if isinstance(line, ast.If) and _is_for_checkers(line) else [line]


def _imported(node: ast.AST, package: str) -> Iterator[tuple[str, str]]:
    if isinstance(node, ast.Import):
        yield from ((alias.name, "") for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        above = package.split(".")[: len(package.split(".")) + 1 - node.level] if node.level else []
        module = ".".join(filter(None, [*above, node.module]))
        yield from ((module, alias.name) for alias in node.names)
    elif isinstance(node, ast.Call):
        function = node.func
        called = getattr(function, "attr", getattr(function, "id", ""))
        place = IMPORTERS.get(called)
        given = node.args[place] if place is not None and place < len(node.args) else None
        if isinstance(given, ast.JoinedStr):  # how it begins tells the package, at least
            given = ast.Constant(_beginning(given).partition(".")[0])
        if isinstance(given, ast.Constant) and isinstance(given.value, str) and given.value:
            yield given.value, ""


def _beginning(text: ast.JoinedStr) -> str:
    first = text.values[0] if text.values else None
    return str(first.value) if isinstance(first, ast.Constant) else ""


@dataclass(frozen=True)
class Reached:
    """What is imported, directly or through others.

    Attributes
    ----------
    modules : frozenset of str
        Of the packages that are followed.
    names : frozenset of (str, str)
        What is taken out of which module.
    packages : frozenset of str
        The top modules of all other packages, Python's own aside.
    """

    modules: frozenset[str]
    names: frozenset[tuple[str, str]]
    packages: frozenset[str]


class Library:
    """The import graph of a few packages.

    Parameters
    ----------
    roots
        The packages that are followed, each with its folder, or its file.
    memory
        A file where it keeps what it read of a file for as long as this has the same size and
        times; None for nowhere. Its loss costs a second.
    """

    def __init__(self, roots: Mapping[str, Path], memory: Path | None = None):
        self.roots, self.memory = dict(roots), memory
        self._known = self._recall()
        self._read: dict[Path, Module] = {}
        self._new = 0
        self._reached: dict[tuple[Path, frozenset[str]], Reached] = {}
        self.find = cache(self._find)
        atexit.register(self.keep)

    def _find(self, name: str) -> Path | None:
        """Return the file of a module; None if there is none, or it is not followed."""
        top, *rest = name.split(".")
        if top not in self.roots:
            return None
        place = self.roots[top].joinpath(*rest)
        candidates = (place / "__init__.py", place.parent / f"{place.name}.py", place)
        return next((path for path in candidates if path.is_file()), None)

    def module(self, path: Path, package: str = "") -> Module:
        """Return what a file says, from memory if it stayed as it was."""
        if path not in self._read:
            found = os.stat(path)
            # Whoever sets the mtime back cannot do so with the ctime.
            seen = [found.st_size, found.st_mtime_ns, found.st_ctime_ns]
            known = self._known.get(str(path))
            if known is None or known["seen"] != seen:
                said = read_module(path.read_bytes(), package)
                self._known[str(path)] = {"seen": seen, "said": [*said]}
                self._new += 1
                if self._new % KEPT_EVERY == 0:  # for the jobs of this run
                    self.keep()
            code, imports, shows = self._known[str(path)]["said"]
            self._read[path] = Module(code, tuple(map(tuple, imports)), shows)
        return self._read[path]

    def named(self, name: str) -> Module:
        """Return what a module of the packages says."""
        path = self.find(name)
        assert path is not None, name
        return self.module(path, name if path.name == "__init__.py" else name.rpartition(".")[0])

    def reach(self, script: Path, starts: Iterable[str] = ()) -> Reached:
        """Return what a script imports, and some modules that it runs beside.

        Lazy faces are looked through, and do not count themselves.
        """
        key = script, frozenset(starts)
        if key not in self._reached:
            self._reached[key] = self._follow(*key)
        return self._reached[key]

    def _follow(self, script: Path, starts: frozenset[str]) -> Reached:
        names, packages = set(self.module(script).imports), set()
        todo, seen = [*starts], set()
        todo += [target for pair in names for target in self._targets(*pair)]
        while todo:
            name = todo.pop()
            if name in seen:
                continue
            seen.add(name)
            if self.find(name) is None:
                packages.add(name.split(".")[0])
                continue
            for pair in self.named(name).imports if self.named(name).shows is None else ():
                names.add(pair)
                todo += self._targets(*pair)
        own = {name for name in seen if self.find(name) and self.named(name).shows is None}
        others = packages - self.roots.keys() - sys.stdlib_module_names
        return Reached(frozenset(own), frozenset(names), frozenset(others))

    def _targets(self, module: str, name: str) -> Iterator[str]:
        """Return the modules that one import runs: what it names, and the packages around it."""
        target = module
        if name and self.find(module):
            home = (self.named(module).shows or {}).get(name, module)
            target = f"{module}.{name}" if self.find(f"{module}.{name}") else home
        parts = target.split(".")
        yield from (".".join(parts[: end + 1]) for end in range(len(parts)))

    def _recall(self) -> dict[str, Any]:
        """Return what another process kept; nothing if it read in another way."""
        with suppress(OSError, ValueError, TypeError, AttributeError, KeyError):
            if self.memory:
                kept = json.loads(self.memory.read_text())
                known = {path: each for path, each in kept["files"].items() if _is_whole(each)}
                return known if kept["reader"] == reader() else {}
        return {}

    def keep(self) -> None:
        """Keep what was read anew; other processes may do so at the same time."""
        if not (self._new and self.memory):
            return
        with suppress(OSError):  # a folder that may not be written to costs time and nothing else
            self.memory.parent.mkdir(parents=True, exist_ok=True)
            unfinished = self.memory.with_name(f".{uuid4()}.json")
            unfinished.write_text(json.dumps({"reader": reader(), "files": self._known}))
            os.replace(unfinished, self.memory)
            self._new = 0


def _is_whole(entry: Mapping[str, Any]) -> bool:
    code, imports, _ = entry["said"]
    return len(entry["seen"]) == 3 and isinstance(code, str) and isinstance(imports, list)


@cache
def reader() -> str:
    """Return a digest of what reads files: this module, and the grammar of this Python."""
    return hashlib.sha256(sys.version.encode() + Path(__file__).read_bytes()).hexdigest()
