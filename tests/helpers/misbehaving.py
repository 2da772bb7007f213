"""A server that cuts, stalls, resets and refuses downloads when told to."""

import os
import socket
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from email.utils import parsedate_to_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

STALL = 30  # seconds; longer than any client of the tests waits
RESET = struct.pack("ii", 1, 0)  # close without a farewell, and without waiting


class Misbehaving(ThreadingHTTPServer):
    """Serves `files` by name; `script` says how each coming request is answered, the last for ever.

    "serve", a status to answer, ("cut", n): close after n bytes of body, ("reset", n): reset the
    connection after n bytes, ("stall", n): fall silent after n bytes of body,
    ("redirect", url): send on to another address.
    """

    daemon_threads = True

    def __init__(self, files: dict[str, bytes]):
        super().__init__(("127.0.0.1", 0), Handler)
        self.files, self.script = files, ["serve"]
        self.ranged, self.chunked, self.modified = True, False, 0.0
        self.shift = 0  # bytes by which a range begins too early
        self.requests: list[dict] = []
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


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def do_GET(self):
        server, asked = self.server, self.headers["Range"]
        content = server.files[self.path.removeprefix("/")]
        seen = {"file": self.path.removeprefix("/"), "range": asked, "sent": 0}
        server.requests.append(seen)
        act = server.script.pop(0) if len(server.script) > 1 else server.script[0]
        if isinstance(act, int):
            return self.answer(act)
        if act[0] == "redirect":
            return self.answer(302, {"Location": act[1], "Content-Length": "0"})
        start = int(asked.removeprefix("bytes=").rstrip("-")) if asked and server.ranged else 0
        unless = self.headers["If-Unmodified-Since"]
        if unless and parsedate_to_datetime(unless).timestamp() < server.modified:
            return self.answer(412)
        if start and start >= len(content):
            return self.answer(416, {"Content-Range": f"bytes */{len(content)}"})
        start = start and start - server.shift
        body = content[start:]
        headers = {"Content-Encoding": "x-gzip"}  # what some servers say of any .gz
        headers |= (
            {"Transfer-Encoding": "chunked"}
            if server.chunked
            else {"Content-Length": str(len(body))}
        )
        if start:
            total = len(content)
            headers["Content-Range"] = f"bytes {start}-{total - 1}/{total}"
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
        if act[0] == "stall":
            self.wfile.flush()
            server.released.wait(STALL)
        elif act[0] == "reset":
            self.wfile.flush()
            time.sleep(0.2)  # a reset throws away what has not been read yet
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
            os.close(self.connection.detach())

    def answer(self, status, headers=None):
        self.send_response(status)
        for name, value in (headers or {"Content-Length": "0"}).items():
            self.send_header(name, value)
        self.end_headers()
