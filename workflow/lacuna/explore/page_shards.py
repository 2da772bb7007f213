"""The files that the page reads: scripts that hand over facts and arrays, as base64 of bytes.

Browsers refuse to read a file to a page that was opened by double click (file://); they do load
scripts. `page/src/shards.js` reads what this writes.
"""

import base64
import json
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

ALIGNED = 8  # bytes: where each array may begin
KINDS = ("float32", "int8", "uint8", "int16")


def write_shard(
    folder: Path,
    name: str,
    facts: Mapping[str, Any],
    arrays: Mapping[str, np.ndarray],
    compress: bool = True,
) -> None:
    """Write one script, `name`.js.

    Parameters
    ----------
    folder
        Where it goes.
    name
        What the page asks for.
    facts
        Whatever JSON has.
    arrays
        Of `KINDS`, little-endian; they arrive flat, row after row.
    compress
        Whether to make it smaller; small ones are opened quicker as they are.
    """
    content = pack(facts, arrays)
    text = base64.b64encode(zlib.compress(content) if compress else content).decode()
    script = f'lacunaShard("{name}","{text}","{"deflate" if compress else "plain"}");\n'
    (folder / f"{name}.js").write_text(script, encoding="ascii")


def pack(facts: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> bytes:
    """Lay facts and arrays out: the length of a header, the header as JSON, and the arrays."""
    described: dict[str, dict[str, Any]] = {}
    body = bytearray()
    for name, array in arrays.items():
        kind = array.dtype.name
        if kind not in KINDS:
            raise TypeError(f"array {name}: {kind}, expected one of {KINDS}")
        described[name] = {"kind": kind, "length": array.size, "offset": len(body)}
        body += _planes(array) if kind == "int16" else np.ascontiguousarray(array).tobytes()
        body += bytes(-len(body) % ALIGNED)
    header = json.dumps(
        {"facts": facts, "arrays": described}, ensure_ascii=False, allow_nan=False
    ).encode()
    start = len(header).to_bytes(4, "little") + header
    return start + bytes(-len(start) % ALIGNED) + bytes(body)


def _planes(array: np.ndarray) -> bytes:
    """Return the high bytes of 16-bit numbers, then the low ones: they compress better apart."""
    numbers = np.ascontiguousarray(array, dtype="<i2").view(np.uint8).reshape(-1, 2)
    return numbers[:, 1].tobytes() + numbers[:, 0].tobytes()
