"""Vectors of structures, kept in a file from run to run: only new structures are encoded.

The file holds many spaces. A space is an encoder with its options, the versions of the packages
that decide its vectors, and its code: where one of them changes, its vectors are computed anew.
"""

import fcntl
import hashlib
import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from lacuna.errors import DamagedFile, LacunaError
from lacuna.io import hdf5
from lacuna.io.atomic import explain_write_errors, set_aside
from lacuna.structures.card import (
    check_encoder_options,
    check_installed,
    encoder_card,
    encoder_module,
)

Encode = Callable[[Sequence[str]], np.ndarray]
Vectors = dict[str, np.ndarray]  # by structure
Space = tuple[str, list[str], np.ndarray]  # what it is; structures; vectors, a row for each
Spaces = dict[str, Space]  # by key, the digest of what a space is
ENDING = ".h5"  # a file of another name that is no HDF5 may be the user's own
HDF5_MAGIC = b"\x89HDF\r\n\x1a\n"
AT_ONCE = 256  # structures encoded before the next look at the clock
SECONDS_BETWEEN_WRITES = 60.0  # what a job that is killed loses at most


def encode_structures(
    name: str,
    smiles: Sequence[str],
    cache: str | Path | None = None,
    *,
    progress: bool = True,
    **options: object,
) -> np.ndarray:
    """Return the vectors of structures, from the cache where they are known.

    Parameters
    ----------
    name
        Of the encoder.
    smiles
        As `identify` gives them; one may come often.
    cache
        The file; made where there is none. None: everything is computed, nothing is kept.
    progress
        Whether a bar shows how far the work is.
    **options
        Of the encoder.

    Returns
    -------
    float32 array of shape (m, size)
        A row for each of `smiles`; finite, unless the encoder has gaps.

    Raises
    ------
    LacunaError
        If the encoder or an option is unknown, a package is missing, a structure cannot be read,
        or the encoder is one that must be trained.
    UnwritableFile
        If the cache cannot be written.
    """
    filled = check_encoder_options(name, options)
    module, card = encoder_module(name), encoder_card(name)
    if card.trained:
        raise LacunaError(
            f"structures: encoder {name} is trained with the alignment and has no vectors of its "
            "own; choose one that is not, or train it."
        )
    check_installed(name)
    space = describe_space(name, filled)

    def encode(new: Sequence[str]) -> np.ndarray:
        found = np.asarray(module.encode(new, **filled), np.float32)
        if np.isinf(found).any() or (np.isnan(found).any() and not card.gaps):
            raise LacunaError(f"structures: encoder {name} gave numbers that are not finite.")
        return found

    store = VectorCache(cache, space, gaps=card.gaps)
    return store.vectors(smiles, encode, progress=progress)


def describe_space(name: str, options: Mapping[str, object]) -> str:
    """Return, as JSON, all that decides what an encoder's vectors are."""
    versions = {package: _version(package) for package in encoder_card(name).packages}
    said = {"encoder": name, "options": dict(options), "versions": versions, "code": _code()}
    return json.dumps(said, sort_keys=True)


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "unknown"


def _code() -> str:
    """Return a digest of all code on structures: cheaper than to know which decides what."""
    files = sorted(Path(__file__).parent.rglob("*.py"))
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()


def _is_hdf5(path: Path) -> bool:
    """Return whether a file begins as a cache does, or is empty."""
    with path.open("rb") as file:
        head = file.read(len(HDF5_MAGIC))
    return head in (b"", HDF5_MAGIC)


class VectorCache:
    """The vectors of one space in a file; jobs that write at the same time lose nothing.

    Parameters
    ----------
    path
        The file; None for none.
    space
        What decides the vectors, see `describe_space`.
    gaps
        Whether a vector may hold NaN.
    """

    def __init__(self, path: str | Path | None, space: str, *, gaps: bool = False) -> None:
        self._path = None if path is None else Path(path)
        self._space, self._key, self._gaps = space, _key_of(space), gaps

    def vectors(
        self, smiles: Sequence[str], encode: Encode, *, progress: bool = False
    ) -> np.ndarray:
        """Return vectors of structures, float32 of shape (m, size); see `encode_structures`."""
        if not len(smiles):
            return encode([])
        known = self._read()
        if not self._holds_good(known, smiles, encode):
            known = {}
        new = [text for text in dict.fromkeys(smiles) if text not in known]
        unsaved: dict[str, np.ndarray] = {}
        written = time.monotonic()
        try:
            with tqdm(
                total=len(new), desc="encoding", mininterval=5, disable=not (progress and new)
            ) as bar:
                for start in range(0, len(new), AT_ONCE):
                    chosen = new[start : start + AT_ONCE]
                    unsaved.update(zip(chosen, encode(chosen), strict=True))
                    bar.update(len(chosen))
                    if time.monotonic() - written > SECONDS_BETWEEN_WRITES:
                        known |= self._add(unsaved)
                        unsaved, written = {}, time.monotonic()
        finally:  # what an error or Ctrl-C ends is kept, too
            known |= self._add(unsaved)
        return np.stack([known[text] for text in smiles])

    def _holds_good(self, known: Vectors, smiles: Sequence[str], encode: Encode) -> bool:
        """Encode one of the known structures again; where it differs, forget the space."""
        probe = next((text for text in smiles if text in known), None)
        if probe is None:
            return True
        expected, found = encode([probe])[0], known[probe]
        # Not to the last digit: another processor may add up in another order.
        if expected.shape == found.shape and np.allclose(
            expected, found, rtol=1e-3, atol=1e-4, equal_nan=True
        ):
            return True
        print(
            f"{self._path}: another vector of {probe} than is computed now; all vectors of "
            f"{self._space} are computed anew.",
            flush=True,
        )
        with self._locked():
            spaces = self._load()
            spaces.pop(self._key, None)
            self._save(spaces)
        return False

    def _read(self) -> Vectors:
        if self._path is None or not self._path.exists():
            return {}
        try:  # needs no lock: the file is replaced as a whole
            spaces = self._load_whole()
        except DamagedFile:
            with self._locked():
                spaces = self._load()
        return _vectors_of(spaces, self._key)

    def _add(self, new: Vectors) -> Vectors:
        """Put vectors into the file; return all of the space, which other jobs may have added."""
        if self._path is None or not new:
            return dict(new)
        with self._locked():
            spaces = self._load()
            merged = new | _vectors_of(spaces, self._key)  # the first to write is right for all
            spaces[self._key] = (self._space, list(merged), np.stack(list(merged.values())))
            self._save(spaces)
        return merged

    def _load(self) -> Spaces:
        """Read the file; one that is damaged is set aside, and counts as empty."""
        path = self._place()
        if not path.exists():
            return {}
        try:
            return self._load_whole()
        except DamagedFile as error:
            if path.suffix != ENDING and not _is_hdf5(path):
                raise LacunaError(
                    f"{path}: is no cache of vectors, and stays as it is; name another file."
                ) from error
            aside = set_aside(path)
            if aside is None:  # a link: its target is the user's
                raise
            print(f"{error} It is now named {aside}; vectors are computed anew.", flush=True)
            return {}

    def _load_whole(self) -> Spaces:
        path = self._place()
        content = hdf5.load(path)
        spaces: Spaces = {}
        for key in dict.fromkeys(name.partition(".")[0] for name in content):
            space = _space_of(content, key)
            if space is None:
                raise DamagedFile(path, f"{key}: not laid out as a cache of vectors is.")
            if key == self._key and not (self._gaps or np.isfinite(space[2]).all()):
                raise DamagedFile(path, f"{key}: holds numbers that are not finite.")
            spaces[key] = space
        return spaces

    def _save(self, spaces: Spaces) -> None:
        content: dict[str, np.ndarray] = {}
        for key, (said, structures, vectors) in spaces.items():
            content[f"{key}.space"] = np.array([said], object)
            content[f"{key}.structures"] = np.array(structures, object)
            content[f"{key}.vectors"] = vectors
        hdf5.save(self._place(), content)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        path = self._place()
        # The file itself is replaced at each write, so the lock needs one that stays.
        with explain_write_errors(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            file = path.with_name(f".{path.name}.lock").open("w")
        with file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def _place(self) -> Path:
        if self._path is None:
            raise ValueError("this cache has no file")
        return self._path


def _vectors_of(spaces: Spaces, key: str) -> Vectors:
    _, structures, vectors = spaces.get(key, ("", [], np.zeros((0, 0))))
    return dict(zip(structures, vectors, strict=True))


def _space_of(content: Mapping[str, Any], key: str) -> Space | None:
    """Return a space of a file, None where it is none: wrong names, kinds, sizes or key."""
    said = content.get(f"{key}.space")
    structures = content.get(f"{key}.structures")
    vectors = content.get(f"{key}.vectors")
    if not (
        isinstance(said, np.ndarray)
        and isinstance(structures, np.ndarray)
        and isinstance(vectors, np.ndarray)
    ):
        return None
    sound = (
        said.dtype.kind == structures.dtype.kind == "O"
        and said.shape == (1,)
        and _key_of(said[0]) == key
        and vectors.dtype == np.float32
        and vectors.ndim == 2
        and structures.shape == vectors.shape[:1]
        and len(set(structures)) == len(structures)
    )
    return (said[0], list(structures), vectors) if sound else None


def _key_of(space: str) -> str:
    return hashlib.sha256(space.encode()).hexdigest()[:16]
