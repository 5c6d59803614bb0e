"""What every request passes: the token, loopback names, limits; one port for http and https; 501 for the unknown."""

from __future__ import annotations

import json
import socket
import ssl
import stat
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests

from local.workspace.process import RunningWorkspace

pytestmark = pytest.mark.slow
ME = "/api/2.0/preview/scim/v2/Me"


def raw(server: RunningWorkspace, request: bytes) -> bytes:
    address = urlsplit(server.host)
    with socket.create_connection((address.hostname, address.port), timeout=10) as connection:
        connection.sendall(request)
        return connection.recv(65536)


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 401),
        ({"Authorization": "Bearer"}, 401),
        ({"Authorization": "Digest abc"}, 401),
        ({"Authorization": "Bearer dapi-wrong"}, 403),
        ({"Authorization": "Basic !!!"}, 403),
    ],
)
def test_a_request_without_the_token_is_refused(server: RunningWorkspace, headers: dict[str, str], status: int) -> None:
    answer = requests.get(server.host + ME, headers=headers, timeout=10)
    assert answer.status_code == status
    assert answer.json()["message"] in (
        "Credential was not sent or was of an unsupported type for this API.",
        "Invalid access token.",
    )


def test_the_token_opens_as_bearer_and_as_basic_password(server: RunningWorkspace, http: requests.Session) -> None:
    assert http.get(server.host + ME, timeout=10).json()["userName"] == "developer@example.com"
    with_password = requests.get(server.host + ME, auth=("token", server.token), timeout=10)
    assert with_password.headers["X-Databricks-Org-Id"] == "1"


def test_the_internal_routes_refuse_the_users_token(server: RunningWorkspace, http: requests.Session) -> None:
    assert http.get(f"{server.host}/internal/1/secret?scope=a&key=b", timeout=10).status_code == 403


@pytest.mark.parametrize("host", ["evil.example.com", "127.0.0.1.evil.example.com:80", "", "[::1]"])
def test_a_host_that_is_not_loopback_is_refused(server: RunningWorkspace, host: str) -> None:
    request = f"GET {ME} HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {server.token}\r\nConnection: close\r\n\r\n"
    assert raw(server, request.encode()).startswith(b"HTTP/1.1 421")


def test_the_port_listens_on_loopback_alone(server: RunningWorkspace) -> None:
    port = urlsplit(server.host).port
    listening = [
        line.split()[1]
        for line in Path("/proc/net/tcp").read_text().splitlines()[1:]
        if line.split()[1].endswith(f":{port:04X}") and line.split()[3] == "0A"
    ]
    assert listening == [f"0100007F:{port:04X}"]


@pytest.mark.parametrize("name", ["127.0.0.1", "localhost"])
def test_the_same_port_speaks_tls(server: RunningWorkspace, http: requests.Session, name: str) -> None:
    url = f"https://{name}:{urlsplit(server.host).port}"
    assert http.get(url + ME, verify=str(server.ca_file), timeout=10).status_code == 200
    metadata = requests.get(f"{url}/.well-known/databricks-config", verify=str(server.ca_file), timeout=10).json()
    assert (metadata["host_type"], metadata["workspace_id"]) == ("workspace", "1")


def test_an_unknown_certificate_authority_does_not_trust_us(server: RunningWorkspace) -> None:
    address = urlsplit(server.host)
    context = ssl.create_default_context()
    with (
        socket.create_connection((address.hostname, address.port), timeout=10) as plain,
        pytest.raises(ssl.SSLCertVerificationError),
    ):
        context.wrap_socket(plain, server_hostname="127.0.0.1")


@pytest.mark.parametrize("noise", [b"", b"\x16", b"\x16\x03\x01\x00\x05hello", b"\x00\x00\x00", b"GET\r\n\r\n"])
def test_noise_on_the_port_does_not_hurt(server: RunningWorkspace, http: requests.Session, noise: bytes) -> None:
    address = urlsplit(server.host)
    with socket.create_connection((address.hostname, address.port), timeout=10) as connection:
        connection.sendall(noise)
    assert http.get(server.host + ME, timeout=10).status_code == 200


def test_secrets_on_disk_are_private(server: RunningWorkspace) -> None:
    for name in ("token", "server.json", "state.db", "tls/key.pem"):
        assert stat.S_IMODE((server.root / name).stat().st_mode) == 0o600, name
    assert json.loads((server.root / "server.json").read_text()) == {
        "host": server.host,
        "port": urlsplit(server.host).port,
        "pid": server.pid,
    }


@pytest.mark.parametrize(("method", "path"), [("GET", "/no/such/route"), ("DELETE", "/no/such/other")])
def test_an_unknown_route_is_501_and_recorded(
    server: RunningWorkspace, http: requests.Session, method: str, path: str
) -> None:
    answer = http.request(method, server.host + path, timeout=10)
    assert answer.status_code == 501
    assert answer.json() == {
        "error_code": "NOT_IMPLEMENTED",
        "message": f"The local workspace does not answer {method} {path}",
    }
    assert (server.root / "log" / "unknown_routes.log").read_text().count(f"{method} {path}\n") == 1


def test_an_unknown_method_of_a_known_route_is_501(server: RunningWorkspace, http: requests.Session) -> None:
    assert http.post(f"{server.host}{ME}?/no/such", timeout=10).status_code == 501
    log = server.root / "log" / "unknown_routes.log"
    kept = [line for line in log.read_text().splitlines(keepends=True) if f"POST {ME}" not in line]
    log.write_text("".join(kept))


@pytest.mark.parametrize("body", [b"{", b"[1]", b'"text"', b"\xff"])
def test_a_body_that_is_not_a_json_object_is_refused(
    server: RunningWorkspace, http: requests.Session, body: bytes
) -> None:
    answer = http.post(f"{server.host}/api/2.0/workspace/mkdirs", data=body, timeout=10)
    assert (answer.status_code, answer.json()["error_code"]) == (400, "MALFORMED_REQUEST")


def test_a_body_over_the_limit_is_refused_declared_or_streamed(
    server: RunningWorkspace, http: requests.Session
) -> None:
    declared = (
        f"POST /api/2.0/workspace/import HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {server.token}\r\n"
        f"Content-Length: {40 * 1024 * 1024}\r\nConnection: close\r\n\r\n"
    )
    assert raw(server, declared.encode()).startswith(b"HTTP/1.1 413")
    chunks = (b"x" * 1024 * 1024 for _ in range(33))
    answer = http.post(f"{server.host}/api/2.0/workspace/import", data=chunks, timeout=60)
    assert answer.status_code == 413
