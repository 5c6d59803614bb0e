"""What the Spark driver asks, with its own token, of the same application."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

from local.engine.supervisor import DriverProcess
from local.services import Services
from local.store import Store
from local.workspace import app, root
from local.workspace.api import internal, secrets, workspace
from local.workspace.tree import Tree

DRIVER, USER = {"Authorization": "Bearer driver"}, {"Authorization": "Bearer user"}


@dataclass(frozen=True)
class Client:
    """Calls the application in this process."""

    app: Starlette

    def get(self, path: str, **options: Any) -> httpx.Response:
        return asyncio.run(self._send("GET", path, options))

    def post(self, path: str, **options: Any) -> httpx.Response:
        return asyncio.run(self._send("POST", path, options))

    async def _send(self, method: str, path: str, options: dict[str, Any]) -> httpx.Response:
        transport = httpx.ASGITransport(self.app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as http:
            return await http.request(method, path, **options)


@asynccontextmanager
async def nothing(_: Starlette) -> AsyncIterator[None]:
    yield


@pytest.fixture
def http(tmp_path: Path, request_log: Path) -> Client:
    root.prepare(tmp_path)
    store = Store(tmp_path / "state.db")
    never_started = DriverProcess(tmp_path, "http://127.0.0.1:1", "driver", dict)
    services = Services(tmp_path, store, "me@example.com", "http://127.0.0.1:1", never_started, 0)
    Tree(store, tmp_path).make_standard_folders("me@example.com")
    routes = [item for part in (internal, secrets, workspace) for item in part.routes(services)]
    return Client(app.build(routes, tmp_path, "user", "driver", nothing, request_log=request_log))


def test_the_driver_reads_secrets_as_bytes(http: Client) -> None:
    http.post("/api/2.0/secrets/scopes/create", json={"scope": "s"}, headers=USER).raise_for_status()
    body = {"scope": "s", "key": "k", "bytes_value": "AP8="}
    http.post("/api/2.0/secrets/put", json=body, headers=USER).raise_for_status()
    assert http.get("/internal/1/secret?scope=s&key=k", headers=DRIVER).json() == {"value": "AP8="}
    assert http.get("/internal/1/secret?scope=s&key=none", headers=DRIVER).status_code == 404
    assert http.get("/internal/1/secret?scope=none&key=k", headers=DRIVER).status_code == 404


def test_the_driver_lists_scopes_and_keys_without_values(http: Client) -> None:
    assert http.get("/internal/1/secret-scopes", headers=DRIVER).json() == {"scopes": []}
    for scope in ("s", "t"):
        http.post("/api/2.0/secrets/scopes/create", json={"scope": scope}, headers=USER).raise_for_status()
    for key in ("b", "a"):
        body = {"scope": "s", "key": key, "string_value": "hunter2"}
        http.post("/api/2.0/secrets/put", json=body, headers=USER).raise_for_status()
    assert http.get("/internal/1/secret-scopes", headers=DRIVER).json() == {"scopes": ["s", "t"]}
    assert http.get("/internal/1/secrets?scope=s", headers=DRIVER).json() == {"keys": ["a", "b"]}
    assert http.get("/internal/1/secrets?scope=t", headers=DRIVER).json() == {"keys": []}
    absent = http.get("/internal/1/secrets?scope=none", headers=DRIVER)
    assert (absent.status_code, absent.json()["message"]) == (404, "Scope none does not exist!")


def test_the_driver_reads_notebooks_with_either_path(http: Client) -> None:
    content = base64.b64encode(b"print(1)").decode()
    body = {"path": "/Shared/nb", "content": content, "format": "SOURCE", "language": "PYTHON"}
    http.post("/api/2.0/workspace/import", json=body, headers=USER).raise_for_status()
    for path in ("/Shared/nb", "/Workspace/Shared/nb"):
        answer = http.get("/internal/1/notebook", params={"path": path}, headers=DRIVER)
        assert answer.json() == {"language": "PYTHON", "source": "print(1)"}
    assert http.get("/internal/1/notebook?path=/Shared/none", headers=DRIVER).status_code == 404
    assert http.get("/internal/1/notebook?path=/Shared", headers=DRIVER).status_code == 400


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        ("/internal/1/secret?scope=s&key=k", USER),
        ("/internal/1/secrets?scope=s", USER),
        ("/internal/1/secret-scopes", USER),
        ("/api/2.0/secrets/scopes/list", DRIVER),
        ("/internal/1/secret", {}),
    ],
)
def test_neither_token_opens_the_others_routes(http: Client, path: str, headers: dict[str, str]) -> None:
    assert http.get(path, headers=headers).status_code in (401, 403)


def test_a_bug_is_a_500_that_names_where_and_tells_nothing(http: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("the value is hunter2")

    monkeypatch.setattr(Store, "get", broken)
    answer = http.get("/api/2.0/secrets/list?scope=s", headers=USER)
    assert (answer.status_code, answer.json()["error_code"]) == (500, "INTERNAL_ERROR")
    assert answer.json()["message"] == "RuntimeError in GET /api/2.0/secrets/list; see log/workspace.log"
