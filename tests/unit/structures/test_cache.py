"""Vectors kept in a file: only new ones are computed, and no damaged one is believed."""

import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from damage import cut_short, empty, flip_a_byte

from lacuna.errors import DamagedFile, LacunaError, UnwritableFile
from lacuna.io import hdf5
from lacuna.structures import cache, card
from lacuna.structures.cache import VectorCache, describe_space, encode_structures
from lacuna.structures.encoders import morgan

SPACE = "an encoder"


class Encoder:
    """Encodes a text by its letters, and keeps a record of what it was asked."""

    def __init__(self):
        self.asked = []

    def __call__(self, smiles):
        self.asked += smiles
        return vectors(smiles)


def vectors(smiles):
    return np.array([[len(one), sum(map(ord, one))] for one in smiles], np.float32).reshape(-1, 2)


@pytest.fixture
def encode():
    return Encoder()


@pytest.fixture
def path(tmp_path):
    return tmp_path / "cache" / "vectors.h5"


@pytest.fixture
def filled(path):
    VectorCache(path, SPACE).vectors(["C", "CC"], vectors)
    return path


@pytest.mark.parametrize("kept", [True, False])
def test_vectors_come_in_the_order_asked_for(encode, path, kept):
    store = VectorCache(path if kept else None, SPACE)
    found = store.vectors(["CC", "C", "CC"], encode)
    assert np.array_equal(found, vectors(["CC", "C", "CC"]))
    assert found.dtype == np.float32
    assert encode.asked == ["CC", "C"]
    assert path.exists() == kept


def test_only_new_structures_are_computed(encode, filled):
    found = VectorCache(filled, SPACE).vectors(["N", "CC", "C", "O"], encode)
    assert np.array_equal(found, vectors(["N", "CC", "C", "O"]))
    assert encode.asked == ["CC", "N", "O"]  # one known one, as a sample
    encode.asked.clear()
    VectorCache(filled, SPACE).vectors(["O", "N"], encode)
    assert encode.asked == ["O"]


def test_spaces_do_not_mix(encode, filled):
    VectorCache(filled, "another").vectors(["C"], lambda smiles: -vectors(smiles))
    for space, sign in ((SPACE, 1), ("another", -1)):
        found = VectorCache(filled, space).vectors(
            ["C"], lambda smiles, s=sign: s * vectors(smiles)
        )
        assert np.array_equal(found, sign * vectors(["C"]))
    assert np.array_equal(VectorCache(filled, SPACE).vectors(["CC"], encode), vectors(["CC"]))


@pytest.mark.parametrize("harm", [cut_short, flip_a_byte, empty, lambda data: b"no HDF5"])
@pytest.mark.fault("a damaged cache of vectors", "it is set aside, and all is computed anew")
def test_a_damaged_cache_is_set_aside(encode, filled, harm, capsys):
    damaged = harm(filled.read_bytes())
    filled.write_bytes(damaged)
    found = VectorCache(filled, SPACE).vectors(["C", "CC"], encode)
    assert np.array_equal(found, vectors(["C", "CC"]))
    assert encode.asked == ["C", "CC"]
    assert "vectors.h5.damaged; vectors are computed anew" in capsys.readouterr().out
    encode.asked.clear()
    VectorCache(filled, SPACE).vectors(["C", "CC"], encode)
    assert encode.asked == ["C"]


def spoilt(content, what):
    key = next(name for name in content if name.endswith(".space")).removesuffix(".space")
    structures, numbers = content[f"{key}.structures"], content[f"{key}.vectors"]
    return (
        content
        | {
            "a name": {"other": np.zeros(3)},
            "fewer rows": {f"{key}.vectors": numbers[:1]},
            "another type": {f"{key}.vectors": numbers.astype(np.float64)},
            "one twice": {f"{key}.structures": structures[[0, 0]]},
            "another space": {f"{key}.space": np.array(["not this"], object)},
            "not finite": {f"{key}.vectors": numbers * np.nan},
        }[what]
    )


@pytest.mark.parametrize(
    "what", ["a name", "fewer rows", "another type", "one twice", "another space", "not finite"]
)
@pytest.mark.fault("a cache of vectors whose parts do not fit", "it is set aside")
def test_a_cache_laid_out_in_another_way_is_set_aside(encode, filled, what, capsys):
    hdf5.save(filled, spoilt(hdf5.load(filled), what))
    found = VectorCache(filled, SPACE).vectors(["C", "CC"], encode)
    assert np.array_equal(found, vectors(["C", "CC"]))
    assert "vectors.h5.damaged; vectors are computed anew" in capsys.readouterr().out
    assert encode.asked == ["C", "CC"]


@pytest.mark.parametrize("wrong", [lambda right: right + 1, lambda right: right[:, :1]])
@pytest.mark.fault("a cache with vectors that are not the encoder's", "a sample shows it")
def test_vectors_that_are_not_the_encoders_are_forgotten(encode, path, wrong, capsys):
    VectorCache(path, "another").vectors(["C", "N"], vectors)
    VectorCache(path, SPACE).vectors(["C", "CC"], lambda smiles: wrong(vectors(smiles)))
    found = VectorCache(path, SPACE).vectors(["N", "CC", "C"], encode)
    assert np.array_equal(found, vectors(["N", "CC", "C"]))
    assert "another vector of CC than is computed now" in capsys.readouterr().out
    assert np.array_equal(VectorCache(path, SPACE).vectors(["C"], vectors), vectors(["C"]))
    encode.asked.clear()
    VectorCache(path, "another").vectors(["C", "N"], encode)
    assert encode.asked == ["C"]  # the other space stands


def test_gaps_are_kept_where_an_encoder_has_them(path, capsys):
    def holed(smiles):
        return np.where(vectors(smiles) == 1, np.nan, vectors(smiles)).astype(np.float32)

    first = VectorCache(path, SPACE, gaps=True).vectors(["C", "CC"], holed)
    assert np.isnan(first[0, 0])
    again = VectorCache(path, SPACE, gaps=True).vectors(["C", "CC"], holed)
    assert np.array_equal(first, again, equal_nan=True)
    assert capsys.readouterr().out == ""


KILLED = """
import os, signal, sys
import numpy as np
from lacuna.structures import cache
cache.AT_ONCE, cache.SECONDS_BETWEEN_WRITES = 2, 0.0
done = []
def encode(smiles):
    if len(done) == 2:
        os.kill(os.getpid(), signal.SIGKILL)
    done.append(smiles)
    return np.array([[len(one), sum(map(ord, one))] for one in smiles], np.float32)
cache.VectorCache(sys.argv[1], "an encoder").vectors(["C", "N", "O", "S", "P"], encode)
"""


@pytest.mark.fault("SIGKILL while structures are encoded", "what was written is not computed again")
def test_a_killed_job_leaves_what_it_wrote(encode, path):
    killed = subprocess.run([sys.executable, "-c", KILLED, str(path)], check=False)
    assert killed.returncode == -signal.SIGKILL
    found = VectorCache(path, SPACE).vectors(["C", "N", "O", "S", "P"], encode)
    assert np.array_equal(found, vectors(["C", "N", "O", "S", "P"]))
    assert encode.asked == ["C", "P"]


def test_an_error_keeps_what_came_before(encode, path, monkeypatch):
    monkeypatch.setattr(cache, "AT_ONCE", 1)

    def fails(smiles):
        if smiles == ["O"]:
            raise LacunaError("not this one")
        return vectors(smiles)

    with pytest.raises(LacunaError, match="not this one"):
        VectorCache(path, SPACE).vectors(["C", "O", "N"], fails)
    VectorCache(path, SPACE).vectors(["C", "O", "N"], encode)
    assert encode.asked == ["C", "O", "N"]


def test_jobs_that_write_at_the_same_time_lose_nothing(path):
    def job(number):
        own = ["C" * (number + 1), "N" * (number + 1)]
        for one in own:
            VectorCache(path, f"space {number % 2}").vectors([one], vectors)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(job, range(16)))
    for space in range(2):
        encode = Encoder()
        all_of_it = [letter * (n + 1) for n in range(16) if n % 2 == space for letter in "CN"]
        VectorCache(path, f"space {space}").vectors(all_of_it, encode)
        assert len(encode.asked) == 1


def test_a_cache_that_cannot_be_written_is_named(encode, tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(UnwritableFile, match=r"vectors\.h5: cannot be written"):
        VectorCache(tmp_path / "file" / "in" / "vectors.h5", SPACE).vectors(["O"], encode)


def test_reading_needs_no_lock(encode, filled):
    lock = filled.with_name(".vectors.h5.lock")
    lock.unlink()
    lock.mkdir()  # so that it cannot be opened
    VectorCache(filled, SPACE).vectors(["C", "CC"], encode)
    assert encode.asked == ["C"]


def test_a_file_of_the_user_s_own_is_no_cache_and_stays(encode, tmp_path):
    notes = tmp_path / "notes.txt"
    notes.write_text("mine")
    with pytest.raises(LacunaError, match=r"notes\.txt: is no cache of vectors"):
        VectorCache(notes, SPACE).vectors(["C"], encode)
    assert notes.read_text() == "mine"


def test_a_link_to_a_damaged_cache_is_left_to_the_user(encode, tmp_path):
    target, link = tmp_path / "theirs.h5", tmp_path / "link.h5"
    target.write_bytes(b"damaged")
    link.symlink_to(target)
    with pytest.raises(DamagedFile, match=r"link\.h5"):
        VectorCache(link, SPACE).vectors(["C"], encode)
    assert target.read_bytes() == b"damaged"


def test_a_real_encoder_gives_the_same_with_and_without_a_cache(path, monkeypatch):
    smiles = ["CCO", "c1ccccc1", "CCO"]
    plain = encode_structures("morgan", smiles, progress=False, bits=1024)
    assert np.array_equal(plain, morgan.encode(smiles, bits=1024))
    for _ in range(2):
        assert np.array_equal(
            encode_structures("morgan", smiles, path, progress=False, bits=1024), plain
        )
    other = encode_structures("morgan", smiles, path, progress=False)
    assert other.shape == (3, 512)
    assert encode_structures("morgan", [], path, progress=False).shape == (0, 512)


def test_a_space_is_options_versions_and_code(monkeypatch):
    first = describe_space("morgan", {"bits": 512})
    assert first == describe_space("morgan", {"bits": 512})
    assert first != describe_space("morgan", {"bits": 2048})
    assert first != describe_space("descriptors", {"bits": 512})
    monkeypatch.setattr(cache, "version", lambda package: "0")
    assert first != describe_space("morgan", {"bits": 512})
    monkeypatch.undo()
    monkeypatch.setattr(cache, "_code", lambda: "other")
    assert first != describe_space("morgan", {"bits": 512})


def test_an_encoder_that_must_be_trained_is_refused():
    with pytest.raises(LacunaError, match="dmpnn is trained with the alignment"):
        encode_structures("dmpnn", ["CCO"], progress=False)


def test_an_encoder_that_gives_no_finite_numbers_is_refused(monkeypatch):
    module = card.encoder_module("morgan")
    monkeypatch.setattr(module, "encode", lambda smiles, *, bits=512: np.full((1, 2), np.nan))
    monkeypatch.setattr(cache, "check_encoder_options", lambda name, options: {})
    with pytest.raises(LacunaError, match="morgan gave numbers that are not finite"):
        encode_structures("morgan", ["CCO"], progress=False)
