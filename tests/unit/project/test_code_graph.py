"""What a script imports, told from text alone, and what of a file counts."""

import json
import os
import textwrap

import pytest

from lacuna.project.code_graph import Library, read_module

FILES = {
    "__init__.py": """
        from typing import TYPE_CHECKING
        if TYPE_CHECKING:
            from tree.deep.far import Shown as Shown
        def __getattr__(name): ...
    """,
    "near.py": "from tree import deep\nfrom . import side\nVALUE = 1",
    "side.py": "import numpy.linalg",
    "late.py": "def work():\n    from tree.lazily import used\n",
    "lazily.py": "used = 1",
    "checked.py": """
        import typing
        if typing.TYPE_CHECKING:
            from tree import stranger
        else:
            from tree import side
    """,
    "by_text.py": "import_module('tree.lazily')\noptional(f'torch_extra.{part}', 'x')\n",
    "stranger.py": "import pandas",
    "deep/__init__.py": "from tree.deep.inside import thing",
    "deep/inside.py": "thing = 1",
    "deep/far.py": "from tree.deep import thing\nfrom ..side import numpy",
}


@pytest.fixture
def tree(tmp_path):
    for name, text in FILES.items():
        path = tmp_path / "tree" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text))
    return tmp_path / "tree"


def reach(tree, text, *starts, memory=None):
    script = tree.parent / "script.py"
    script.write_text(text)
    return Library({"tree": tree}, memory).reach(script, starts)


@pytest.mark.parametrize(
    ("text", "modules", "packages"),
    [
        # A submodule that is taken out of its package, a relative one, and the package around it.
        ("from tree import near", {"near", "deep", "deep.inside", "side"}, {"numpy"}),
        ("import tree.side as s, os", {"side"}, {"numpy"}),
        # A name that is no submodule; the packages above are run, too.
        ("from tree.deep.far import numpy", {"deep", "deep.far", "deep.inside", "side"}, {"numpy"}),
        ("from tree.late import work", {"late", "lazily"}, set()),
        ("from tree.checked import typing", {"checked", "side"}, {"numpy"}),
        ("import tree.by_text", {"by_text", "lazily"}, {"torch_extra"}),
        # The lazy face drags in what is asked of it and no more.
        ("from tree import Shown", {"deep", "deep.far", "deep.inside", "side"}, {"numpy"}),
        ("import tree", set(), set()),
        ("from tree.gone import away\nimport sys, yaml", set(), {"yaml"}),
    ],
)
def test_what_a_script_imports(tree, text, modules, packages):
    reached = reach(tree, text)
    assert reached.modules == {f"tree.{name}" for name in modules}
    assert reached.packages == packages


def test_what_is_started_by_name_counts_with_what_it_imports(tree):
    reached = reach(tree, "import tree.side", "tree.late", "elsewhere.method")
    assert reached.modules == {"tree.side", "tree.late", "tree.lazily"}
    assert reached.packages == {"numpy", "elsewhere"}


CODE = '''
"""Words."""
from typing import TYPE_CHECKING
if TYPE_CHECKING:
    import torch
def double(x):
    """Words."""
    return 2 * x  # words
class Empty:
    """Words."""
'''


@pytest.mark.parametrize(
    ("old", "new", "counts"),
    [
        ('"""Words."""', '"""Other, and\nmore."""', False),
        ('    """Words."""\n    return', "    return", False),
        ("# words", "", False),
        ("2 * x", "(2\n  *  x)", False),
        ("import torch", "import tensorflow", False),
        ("2 * x", "-2 * x", True),
        ("2 * x", "'2' * x", True),
        ("double", "triple", True),
    ],
)
def test_code_counts_and_words_do_not(old, new, counts):
    changed = CODE.replace(old, new)
    assert changed != CODE
    before, after = (read_module(text.encode()).code for text in (CODE, changed))
    assert (before != after) == counts


def test_another_folder_gives_the_same(tree, tmp_path):
    other = tmp_path / "clone/tree"
    other.parent.mkdir()
    os.rename(tree, other)
    where = Library({"tree": other}).named("tree.near")
    os.rename(other, tree)
    assert Library({"tree": tree}).named("tree.near") == where


def test_what_was_read_is_read_again_where_it_changed(tree, tmp_path):
    memory = tmp_path / "memory/code.json"
    library = Library({"tree": tree}, memory)
    before = library.named("tree.near")
    library.keep()
    assert str(tree / "near.py") in json.loads(memory.read_text())["files"]
    assert Library({"tree": tree}, memory).named("tree.near") == before
    # As many bytes, and the old time of change: `rsync --times`, or sed and touch.
    file = tree / "near.py"
    times = os.stat(file).st_atime_ns, os.stat(file).st_mtime_ns
    file.write_text(file.read_text().replace("VALUE = 1", "VALUE = 2"))
    os.utime(file, ns=times)
    assert Library({"tree": tree}, memory).named("tree.near").code != before.code


@pytest.mark.parametrize("damage", ["", "[]", '{"files": {"a": 1}}', "{", "\0"])
def test_a_damaged_memory_is_no_memory(tree, tmp_path, damage):
    memory = tmp_path / "code.json"
    memory.write_text(damage)
    assert reach(tree, "import tree.side", memory=memory).packages == {"numpy"}


def test_a_memory_that_may_not_be_written_does_no_harm(tree, tmp_path):
    (tmp_path / "file").touch()
    library = Library({"tree": tree}, tmp_path / "file/code.json")
    library.named("tree.near")
    library.keep()
