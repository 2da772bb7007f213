"""What the page reads is what was written."""

import base64
import json
import re
import zlib

import numpy as np
import pytest

from lacuna.explore.page_shards import pack, write_shard


def unpacked(content):
    """Read what `pack` wrote, written out after the description."""
    size = int.from_bytes(content[:4], "little")
    header = json.loads(content[4 : 4 + size])
    start = -(-(4 + size) // 8) * 8
    arrays = {}
    for name, about in header["arrays"].items():
        length, offset = about["length"], start + about["offset"]
        assert offset % 8 == 0
        if about["kind"] == "int16":
            high, low = np.frombuffer(content, np.uint8, 2 * length, offset).reshape(2, -1)
            arrays[name] = (256 * high.astype(int) + low).astype(np.uint16).view(np.int16)
        else:
            arrays[name] = np.frombuffer(content, about["kind"], length, offset)
    return header["facts"], arrays


@pytest.mark.parametrize("compress", [True, False])
def test_facts_and_arrays_come_back(compress, tmp_path):
    rng = np.random.default_rng(0)
    facts = {"name": "ö <script>", "list": [1, None, 2.5]}
    arrays = {
        "wide": rng.integers(-(2**15), 2**15, (3, 5)).astype(np.int16),
        "float": rng.normal(size=7).astype(np.float32),
        "small": rng.integers(-128, 128, 5).astype(np.int8),
        "turned": np.arange(6, dtype=np.float32).reshape(2, 3).T,
        "empty": np.zeros((0, 4), np.uint8),
    }
    write_shard(tmp_path, "some-01", facts, arrays, compress)
    script = (tmp_path / "some-01.js").read_text()
    called = re.fullmatch(r'lacunaShard\("some-01","([A-Za-z0-9+/=]+)","(\w+)"\);\n', script)
    content = base64.b64decode(called[1])
    assert called[2] == ("deflate" if compress else "plain")
    read, found = unpacked(zlib.decompress(content) if compress else content)
    assert read == facts
    for name, array in arrays.items():
        assert found[name].tolist() == array.ravel().tolist(), name


def test_what_the_page_cannot_read_is_refused():
    with pytest.raises(TypeError, match="array a: float64"):
        pack({}, {"a": np.zeros(3)})
    with pytest.raises(ValueError, match="JSON"):
        pack({"a": float("nan")}, {})
