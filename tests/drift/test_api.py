"""Reads of a workspace: pages, what is not there, what is refused, what is too busy."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlparse

import pytest
from databricks.sdk import WorkspaceClient
from databricks.sdk.config import Config

from scripts.drift.api import Api, entries


class _Workspace(BaseHTTPRequestHandler):
    busy = 0  # requests that are still refused

    def do_GET(self) -> None:
        url = urlparse(self.path)
        query = {name: values[0] for name, values in parse_qs(url.query).items()}
        status, body = self._answer(url.path, query)
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Retry-After", "0")
        self.end_headers()
        self.wfile.write(json.dumps(body).encode())

    def _answer(self, path: str, query: dict[str, str]) -> tuple[int, dict[str, Any]]:
        if path == "/pages":
            start = int(query.get("page_token", "0"))
            following = {"next_page_token": str(start + 2)} if start < 4 else {}
            return 200, {"items": [{"n": start}, {"n": start + 1}], **following}
        if path == "/busy" and type(self).busy:
            type(self).busy -= 1
            return 429, {"error_code": "REQUEST_LIMIT_EXCEEDED", "message": "slowly"}
        if path == "/busy":
            return 200, {"ok": True}
        if path == "/job":
            return 400, {"error_code": "INVALID_PARAMETER_VALUE", "message": "Job 7 does not exist."}
        if path.startswith("/of/"):
            return 200, {"path": path}
        if path == "/forbidden":
            return 403, {"error_code": "PERMISSION_DENIED", "message": "not for you\nat all"}
        return 404, {"error_code": "RESOURCE_DOES_NOT_EXIST", "message": "nothing here"}

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def client() -> Iterator[WorkspaceClient]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Workspace)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    config = Config(host=f"http://127.0.0.1:{server.server_port}", token="t", auth_type="pat", retry_timeout_seconds=10)
    yield WorkspaceClient(config=config)
    server.shutdown()
    server.server_close()


@pytest.fixture
def api(client: WorkspaceClient) -> Iterator[Api]:
    with ThreadPoolExecutor(4) as pool:
        yield Api(client, pool, lambda _: None)


def test_a_list_is_read_to_its_end(api: Api) -> None:
    assert [each["n"] for each in api.pages("/pages", "items")] == [0, 1, 2, 3, 4, 5]
    assert api.calls == 3


def test_what_is_not_there_is_none_in_either_wording(api: Api) -> None:
    assert api.get("/nowhere") is None
    assert api.get("/job") is None
    assert api.pages("/nowhere", "items") == []


def test_a_busy_workspace_is_asked_again(api: Api) -> None:
    _Workspace.busy = 1
    assert api.get("/busy") == {"ok": True}


def test_what_is_refused_is_a_problem_by_name_and_the_rest_is_read(api: Api) -> None:
    found = api.each("thing", lambda key: api.get(f"/{key}"), ["forbidden", "of/a", "nowhere"])
    assert found == {"of/a": {"path": "/of/a"}, "nowhere": None}
    assert api.problems == {"thing forbidden": "not for you"}


def test_names_with_blanks_and_brackets_are_one_path(api: Api) -> None:
    answer = api.get("/of/[dev] a b")
    assert answer is not None
    assert answer["path"] == "/of/%5Bdev%5D%20a%20b"


def test_an_access_list_without_what_is_inherited_and_administrators() -> None:
    listed = [
        {"user_name": "eve", "all_permissions": [{"permission_level": "CAN_RUN", "inherited": False}]},
        {"group_name": "users", "all_permissions": [{"permission_level": "CAN_READ", "inherited": True}]},
        {"group_name": "admins", "all_permissions": [{"permission_level": "CAN_MANAGE", "inherited": False}]},
        {
            "service_principal_name": "bot",
            "all_permissions": [{"permission_level": "IS_OWNER"}, {"permission_level": "CAN_MANAGE"}],
        },
    ]
    assert entries({"access_control_list": listed}) == {
        "user eve": ("CAN_RUN",),
        "service_principal bot": ("CAN_MANAGE", "IS_OWNER"),
    }
    assert entries(None) is None
