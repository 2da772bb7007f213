"""A server that cuts, stalls, resets, lies and refuses downloads when told to."""

import hashlib
import os
import socket
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

STALL = 30  # seconds; longer than any client of the tests waits
RESET = struct.pack("ii", 1, 0)  # close without a farewell, and without waiting
MUCH = b"x" * (1 << 16)


class Misbehaving(ThreadingHTTPServer):
    """Serves `files` by name; `script` says how each coming request is answered, the last for ever.

    "serve", a status to answer, ("cut", n): close after n bytes of body, ("reset", n): reset the
    connection after n bytes, ("stall", n): fall silent after n bytes of body, ("replace", n, new):
    close after n bytes, and have another file from then on, ("redirect", url): send on to another
    address. Bytes are sent as they are, for the whole answer; ("drip", bytes): then a byte every
    hundredth of a second, ("flood", bytes): then bytes without end.
    """

    daemon_threads = True

    def __init__(self, files: dict[str, bytes]):
        super().__init__(("127.0.0.1", 0), Handler)
        self.files, self.script = files, ["serve"]
        self.ranged, self.chunked = True, False
        self.if_range = True  # whether it minds this header
        self.tag = strong_tag  # makes the entity tag; None for none
        self.modified: float | None = None  # the date of change of all files, if it tells one
        self.changed = {}  # headers that it sends in place of its own; None for none
        self.shift = 0  # bytes by which a range begins too early
        self.longest: int | None = None  # bytes of a range that it sends at most
        self.total_of = str  # what it says of the total length, beside a range
        self.requests: list[dict] = []
        self.flooded = 0  # bytes that a flood brought into the connection
        self.released = threading.Event()

    def url(self, file: str) -> str:
        return f"http://127.0.0.1:{self.server_port}/{file}"

    @contextmanager
    def serving(self) -> Iterator["Misbehaving"]:
        thread = threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield self
        self.released.set()
        self.shutdown()
        thread.join()
        self.server_close()

    @property
    def ranges(self) -> list[str | None]:
        return [request["range"] for request in self.requests]

    def handle_error(self, request, client_address):
        pass  # a client that hangs up is none


def strong_tag(content: bytes) -> str:
    return f'"{hashlib.sha256(content).hexdigest()[:16]}"'


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def do_GET(self):
        server, asked = self.server, self.headers["Range"]
        name = self.path.removeprefix("/")
        content = server.files[name]
        seen = {"file": name, "range": asked, "if_range": self.headers["If-Range"], "sent": 0}
        server.requests.append(seen)
        act = server.script.pop(0) if len(server.script) > 1 else server.script[0]
        if isinstance(act, int):
            return self.answer(act)
        if isinstance(act, bytes):
            return self.send_bytes(act)
        if act[0] == "redirect":
            return self.answer(302, {"Location": act[1], "Content-Length": "0"})
        if act[0] in ("drip", "flood"):
            return self.go_on(*act)
        described = self.describe(content)
        start = int(asked.removeprefix("bytes=").rstrip("-")) if asked and server.ranged else 0
        condition = self.headers["If-Range"]
        if condition and server.if_range and condition not in described.values():
            start = 0
        if start and start >= len(content):
            return self.answer(416, {"Content-Range": f"bytes */{len(content)}"})
        start = start and start - server.shift
        body = content[start:]
        if start and server.longest:
            body = body[: server.longest]
        # Some servers say this of any .gz.
        headers = {"Content-Encoding": "x-gzip"} if name.endswith(".gz") else {}
        headers |= described
        headers |= (
            {"Transfer-Encoding": "chunked"}
            if server.chunked
            else {"Content-Length": str(len(body))}
        )
        if start:
            total = server.total_of(len(content))
            headers["Content-Range"] = f"bytes {start}-{start + len(body) - 1}/{total}"
        headers |= server.changed
        self.answer(206 if start else 200, headers)
        if act != "serve":
            body = body[: act[1]]
            self.close_connection = True
        seen["sent"] = len(body)
        if server.chunked:
            self.wfile.write(b"%x\r\n%s\r\n" % (len(body), body))
            if act == "serve":
                self.wfile.write(b"0\r\n\r\n")
        else:
            self.wfile.write(body)
            if headers.get("Content-Length") is None:
                self.close_connection = True
        if act[0] == "replace":
            server.files[name] = act[2]
            if server.modified is not None:
                server.modified += 3600
        elif act[0] == "stall":
            self.wfile.flush()
            server.released.wait(STALL)
        elif act[0] == "reset":
            self.wfile.flush()
            time.sleep(0.2)  # a reset throws away what has not been read yet
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
            os.close(self.connection.detach())

    def describe(self, content: bytes) -> dict[str, str]:
        """Return what tells this version of a file from others."""
        server, said = self.server, {}
        if server.tag:
            said["ETag"] = server.tag(content)
        if server.modified is not None:
            said["Last-Modified"] = formatdate(server.modified, usegmt=True)
        return said

    def answer(self, status, headers=None):
        self.send_response(status)
        for name, value in (headers or {"Content-Length": "0"}).items():
            if value is not None:
                self.send_header(name, value)
        self.end_headers()

    def send_bytes(self, content: bytes) -> None:
        self.wfile.write(content)
        self.wfile.flush()
        self.close_connection = True

    def go_on(self, how: str, begin: bytes) -> None:
        self.send_bytes(begin)
        while not self.server.released.is_set():
            self.wfile.write(b"x" if how == "drip" else MUCH)
            if how == "drip":
                self.wfile.flush()
                time.sleep(0.01)
            else:
                self.server.flooded += len(MUCH)
