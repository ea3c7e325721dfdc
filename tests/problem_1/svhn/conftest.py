"""A web server that can misbehave, with small substitutes for SVHN's files."""

import hashlib
import re
import ssl
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PrivateFormat
from cryptography.x509.oid import NameOID

from autograder.problem_1.svhn import fetch, files


@dataclass
class Server:
    """The server's files and behaviour, and the requests it received.

    Attributes:
        content: bytes by file name.
        url: its URL, with a slash at the end.
        knows_range: whether it supports the Range header.
        breaks_after: for each of the next requests, the connection breaks after so many bytes.
        status: HTTP status of all answers, if not 200.
        location: where every request is redirected, if not empty.
        asked: (file name, Range header or None) of each request.
    """

    content: dict[str, bytes]
    url: str = ""
    knows_range: bool = True
    breaks_after: list[int] = field(default_factory=list)
    status: int = 200
    location: str = ""
    asked: list[tuple[str, str | None]] = field(default_factory=list)


def _handler(server: Server) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            name = self.path.strip("/")
            wanted = self.headers.get("Range")
            server.asked.append((name, wanted))
            if server.location:
                self.send_response(302)
                self.send_header("Location", server.location)
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            if server.status != 200:
                self.send_error(server.status)
                return
            body = server.content[name]
            start = int(re.fullmatch(r"bytes=(\d+)-", wanted)[1]) if wanted else 0
            if wanted and server.knows_range:
                if start >= len(body):
                    self.send_response(416)
                    self.send_header("Content-Range", f"bytes */{len(body)}")
                    self.end_headers()
                    return
                self.send_response(206)
                self.send_header("Content-Range", f"bytes {start}-{len(body) - 1}/{len(body)}")
                body = body[start:]
            else:
                self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body[: server.breaks_after.pop(0)] if server.breaks_after else body)
            self.close_connection = True

        def log_message(self, *_):
            pass

    return Handler


@pytest.fixture
def server(monkeypatch) -> Iterator[Server]:
    """A local server with two files of a megabyte, whose checksums the package expects."""
    rng = np.random.default_rng(0)
    content = {file.name: rng.bytes(1_000_000) for file in files.FILES}
    expected = tuple(
        files.File(name, hashlib.md5(body).hexdigest(), len(body), 1)
        for name, body in content.items()
    )
    monkeypatch.setattr(fetch, "FILES", expected)
    monkeypatch.setattr(fetch, "PAUSES", (0.01, 0.01))
    server = Server(content)
    http = ThreadingHTTPServer(("127.0.0.1", 0), _handler(server))
    server.url = f"http://127.0.0.1:{http.server_port}/"
    threading.Thread(target=http.serve_forever, args=(0.02,), daemon=True).start()
    yield server
    http.shutdown()
    http.server_close()


@pytest.fixture
def full_disk():
    """A function that makes every write to a path fail with ENOSPC, as on a full disk."""
    device = Path("/dev/full")
    if not device.exists():
        pytest.skip("this system has no /dev/full")
    return lambda path: path.symlink_to(device)


@pytest.fixture
def secure_server(server, tmp_path_factory) -> Iterator[str]:
    """The URL of the same server by HTTPS, with a certificate that it signed itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    file = tmp_path_factory.mktemp("tls") / "server.pem"
    file.write_bytes(
        key.private_bytes(
            Encoding.PEM, PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
        )
        + certificate.public_bytes(Encoding.PEM)
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    http = ThreadingHTTPServer(("127.0.0.1", 0), _handler(server))
    http.socket = context.wrap_socket(http.socket, server_side=True)
    threading.Thread(target=http.serve_forever, args=(0.02,), daemon=True).start()
    yield f"https://localhost:{http.server_port}/"
    http.shutdown()
    http.server_close()
