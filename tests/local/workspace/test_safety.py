"""What nobody else on the machine, no other page in a browser and no client may see or do."""

from __future__ import annotations

import asyncio
import hmac
import stat
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
import requests
from databricks.sdk import WorkspaceClient
from databricks.sdk.errors import PermissionDenied
from databricks.sdk.service import settings
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from local.workspace import app, root
from local.workspace.process import RunningWorkspace
from tests.local import parity

SECRET = "hunter2-0f6b1d"


@pytest.mark.slow
def test_nothing_below_the_root_is_readable_by_others(server: RunningWorkspace, client: WorkspaceClient) -> None:
    client.secrets.create_scope("private")
    client.secrets.put_secret("private", "k", string_value=SECRET)  # into the write-ahead log
    found = [server.root, *server.root.rglob("*")]
    assert {"state.db", "state.db-wal", "token", "key.pem", "workspace.log"} <= {path.name for path in found}
    open_ = [str(path) for path in found if stat.S_IMODE(path.lstat().st_mode) & 0o077 and not path.is_symlink()]
    assert open_ == []
    client.secrets.delete_scope("private")


@pytest.mark.slow
def test_a_secret_is_in_the_store_and_nowhere_else(
    server: RunningWorkspace, client: WorkspaceClient, http: requests.Session
) -> None:
    client.secrets.create_scope("kept")
    client.secrets.put_secret("kept", "password", string_value=SECRET)
    hook = settings.GenericWebhookConfig(url=f"http://127.0.0.1:1/{SECRET}", username="u", password=SECRET)
    made = client.notification_destinations.create(display_name="kept", config=settings.Config(generic_webhook=hook))
    with pytest.raises(PermissionDenied):
        client.secrets.get_secret("kept", "password")
    asked = [each.name.partition(" ")[2] for each in parity.registered() if each.method == "GET"]
    plain = [path for path in asked if "{" not in path]
    assert len(plain) > 50
    query = {"scope": "kept", "key": "password", "path": "/", "catalog_name": "kept", "cluster_id": "kept"}
    answers = [http.get(server.host + path, params=query, timeout=20) for path in plain]
    answers.append(http.get(f"{server.host}/api/2.0/notification-destinations/{made.id}", timeout=20))
    answers.append(http.post(f"{server.host}/api/2.0/secrets/put", data=f'{{"scope": "{SECRET}', timeout=20))
    wrong = {"scope": "kept", "key": "a b", "string_value": SECRET}
    answers.append(http.post(f"{server.host}/api/2.0/secrets/put", json=wrong, timeout=20))
    assert any(answer.ok and "password" in answer.text for answer in answers), "the names of secrets are no secret"
    assert [answer.url for answer in answers if SECRET in answer.text] == []
    files = [path for path in server.root.rglob("*") if path.is_file() and not path.name.startswith("state.db")]
    assert [path for path in files if SECRET.encode() in path.read_bytes()] == []
    client.notification_destinations.delete(str(made.id))
    client.secrets.delete_scope("kept")


@pytest.mark.slow
@pytest.mark.parametrize("call", ["list", "read", "put", "mkdirs", "delete", "get-status"])
def test_dbfs_is_refused_whatever_the_path(server: RunningWorkspace, http: requests.Session, call: str) -> None:
    method = "POST" if call in ("put", "mkdirs", "delete") else "GET"
    url = f"{server.host}/api/2.0/dbfs/{call}"
    assert http.request(method, url, params={"path": "/../../token"}, timeout=10).status_code == 501
    forget(server, f"{method} /api/2.0/dbfs/{call}")


@pytest.mark.slow
def test_an_unknown_path_cannot_write_lines_of_its_own_into_the_log(
    server: RunningWorkspace, http: requests.Session
) -> None:
    answer = http.get(f"{server.host}/no/such/a%0A2026-01-01T00:00:00+00:00 GET /forged", timeout=10)
    assert answer.status_code == 501
    lines = (server.root / "log" / "unknown_routes.log").read_text().splitlines()
    assert [line for line in lines if "forged" in line and "/no/such/a" not in line] == []


def forget(server: RunningWorkspace, request: str) -> None:
    """Take an expected refusal out of the log that must be empty in the end."""
    log = server.root / "log" / "unknown_routes.log"
    lines = log.read_text().splitlines(keepends=True)
    kept = [line for line in lines if not line.endswith(f" {request}\n")]
    assert len(kept) < len(lines)
    log.write_text("".join(kept))


@asynccontextmanager
async def nothing(_: Starlette) -> AsyncIterator[None]:
    yield


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Authorization": "Bearer dapi-right"}, 200),
        ({"Authorization": "Bearer dapi-righ"}, 403),
        ({"Authorization": "Bearer dapi-rightt"}, 403),
        ({"Authorization": "Bearer dapi-röght"}, 403),
        ({"Authorization": "Bearer "}, 401),
    ],
)
def test_a_token_is_compared_in_constant_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, headers: dict[str, str], status: int
) -> None:
    compared: list[bytes] = []
    real = hmac.compare_digest

    def noting(given: bytes, wanted: bytes) -> bool:
        compared.append(given)
        return real(given, wanted)

    monkeypatch.setattr(hmac, "compare_digest", noting)
    root.prepare(tmp_path)
    routes = [Route("/api/x", lambda _: PlainTextResponse("in"))]
    built = app.build(routes, tmp_path, "dapi-right", "internal", nothing)

    async def ask() -> int:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(built), base_url="http://127.0.0.1") as http:
            encoded = {name: value.encode() for name, value in headers.items()}
            return (await http.get("/api/x", headers=encoded)).status_code

    assert asyncio.run(ask()) == status
    assert bool(compared) == (status != 401), "a token that is sent is compared, and only so"


@pytest.mark.slow
def test_a_page_of_another_site_or_port_cannot_use_a_browsers_session(
    server: RunningWorkspace, http: requests.Session
) -> None:
    own = f"127.0.0.1:{urlsplit(server.host).port}"
    for origin in ("http://evil.example.com", "http://127.0.0.1:1", "null", f"http://{own}.evil.example.com"):
        answer = http.post(f"{server.host}/logout", headers={"Origin": origin}, timeout=10)
        assert (answer.status_code, "Origin" in answer.text) == (403, True)
    assert "is not this workspace" not in http.post(f"{server.host}/logout", headers={"Origin": f"http://{own}"}).text


@pytest.mark.slow
@pytest.mark.parametrize("part", ["alerts", "dashboards", "data", "files", "jobs", "logout", "platform", "queries"])
def test_what_is_no_page_of_a_part_is_a_page_that_says_so(
    server: RunningWorkspace, http: requests.Session, part: str
) -> None:
    answer = http.get(f"{server.host}/{part}/no/such/page/at/all", headers={"Accept": "text/html"}, timeout=10)
    assert (answer.status_code, answer.headers["content-type"]) == (404, "text/html; charset=utf-8")
    assert "<h1>" in answer.text


@pytest.mark.slow
def test_without_token_or_session_there_is_how_pages_look_and_nothing_else(server: RunningWorkspace) -> None:
    for name, kind in (("style.css", "text/css"), ("icon.svg", "image/svg+xml")):
        answer = requests.get(f"{server.host}/assets/{name}", timeout=10)
        assert (answer.status_code, answer.headers["content-type"].partition(";")[0]) == (200, kind)
    closed = {requests.get(server.host + path, timeout=10).status_code for path in ("/", "/jobs", "/data", "/files")}
    assert closed == {401}
