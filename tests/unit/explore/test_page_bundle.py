"""What is bundled is what stands in the sources."""

import hashlib
import json
import shutil
import subprocess
from pathlib import Path

import pytest

import lacuna

PAGE = Path(lacuna.__file__).parent / "explore/page"
BUNDLE = PAGE / "bundle"
LONGEST = 400  # lines of a source


def sources():
    """The files that the bundle is made of, as build.mjs names them."""
    found = [path for path in (PAGE / "src").rglob("*") if path.is_file()]
    found += [PAGE / name for name in ("build.mjs", "package.json", "package-lock.json")]
    return sorted(found, key=lambda path: path.relative_to(PAGE).as_posix())


def test_the_bundle_is_made_of_these_sources():
    digest = hashlib.sha256()
    for path in sources():
        digest.update(f"{path.relative_to(PAGE).as_posix()}\0".encode())
        digest.update(path.read_bytes() + b"\0")
    for name in ("page.js", "page.css"):
        head = (BUNDLE / name).read_text().partition("\n")[0]
        assert digest.hexdigest() in head, "the sources were changed: make page"


def test_sources_are_short_and_versions_pinned():
    assert max(len(path.read_text().splitlines()) for path in (PAGE / "src").rglob("*.*")) < LONGEST
    package = json.loads((PAGE / "package.json").read_text())
    for version in {**package["dependencies"], **package["devDependencies"]}.values():
        assert version[0].isdigit()


def test_the_licence_of_each_library_is_there():
    package = json.loads((PAGE / "package.json").read_text())
    text = (BUNDLE / "licences.txt").read_text()
    for name, version in package["dependencies"].items():
        assert f"{name} {version}, " in text
    assert text.count("opyright") >= len(package["dependencies"])


@pytest.mark.skipif(shutil.which("npm") is None, reason="no npm here to bundle the page with")
def test_bundling_gives_the_same_bytes(tmp_path):
    shutil.copytree(PAGE, tmp_path / "page", ignore=shutil.ignore_patterns("node_modules"))
    shutil.rmtree(tmp_path / "page/bundle")
    for words in (["npm", "ci", "--no-audit", "--no-fund"], ["npm", "run", "build"]):
        subprocess.run(words, cwd=tmp_path / "page", check=True, capture_output=True)
    for path in BUNDLE.iterdir():
        assert (tmp_path / "page/bundle" / path.name).read_bytes() == path.read_bytes(), path.name
