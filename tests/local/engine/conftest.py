"""One driver for all tests of the engine, over a root with a space in its name, and a workspace that answers it."""

from __future__ import annotations

import base64
import itertools
import json
import textwrap
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from local.engine.supervisor import DriverProcess

TOKEN = "driver-token-of-the-tests"
READY_SECONDS = 120


@dataclass
class FakeWorkspace:
    """The workspace's side of /internal/1, out of dictionaries."""

    secrets: dict[tuple[str, str], bytes] = field(default_factory=dict)
    task_values: dict[tuple[str, str, str], Any] = field(default_factory=dict)
    task_keys: dict[int, tuple[str, str]] = field(default_factory=dict)
    notebooks: dict[str, tuple[str, str]] = field(default_factory=dict)
    unknown: list[str] = field(default_factory=list)

    def get(self, call: str, query: dict[str, str]) -> dict[str, Any] | None:
        if call == "secret":
            value = self.secrets.get((query["scope"], query["key"]))
            return None if value is None else {"value": base64.b64encode(value).decode()}
        if call == "secret-scopes":
            return {"scopes": sorted({scope for scope, _ in self.secrets})}
        if call == "secrets":
            keys = sorted(key for scope, key in self.secrets if scope == query["scope"])
            return {"keys": keys} if keys else None
        if call == "task-value":
            key = (query["run_id"], query["task_key"], query["key"])
            return {"value": self.task_values[key]} if key in self.task_values else None
        if call == "notebook" and query["path"] in self.notebooks:
            language, source = self.notebooks[query["path"]]
            return {"language": language, "source": source}
        self.unknown.append(call)
        return None

    def put(self, call: str, body: dict[str, Any]) -> None:
        assert call == "task-value"
        run_id, task_key = self.task_keys[body["task_run_id"]]
        self.task_values[run_id, task_key, body["key"]] = body["value"]


class _Handler(BaseHTTPRequestHandler):
    def _answer(self, body: dict[str, Any] | None) -> None:
        data = json.dumps(body if body is not None else {"error_code": "RESOURCE_DOES_NOT_EXIST"}).encode()
        self.send_response(200 if body is not None else 404)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def do_GET(self) -> None:
        assert self.headers["Authorization"] == f"Bearer {TOKEN}"
        address = urlsplit(self.path)
        self._answer(self.server.workspace.get(address.path.rpartition("/")[2], dict(parse_qsl(address.query))))

    def do_PUT(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.workspace.put(self.path.rpartition("/")[2], body)
        self._answer({})

    def log_message(self, *_: object) -> None:
        pass


@dataclass
class Engine:
    """The driver under test, its root and its workspace."""

    root: Path
    driver: DriverProcess
    workspace: FakeWorkspace
    _keys: Iterator[int] = field(default_factory=lambda: itertools.count(100))

    def start(
        self,
        source: str,
        parameters: dict[str, str] | None = None,
        path: str = "/Shared/tests/example",
        language: str = "PYTHON",
        **context: Any,
    ) -> str:
        key = str(next(self._keys))
        body = {
            "key": key,
            "path": path,
            "language": language,
            "source": textwrap.dedent(source),
            "parameters": parameters or {},
            "context": {"task_run_id": int(key), "user": "tester", "host": "http://127.0.0.1", **context},
        }
        self.driver.client().call("POST", "/notebook-runs", body)
        return key

    def get(self, key: str, wait: float = 0) -> dict[str, Any]:
        return self.driver.client().call("GET", f"/notebook-runs/{key}?wait={wait}", timeout=60)

    def finish(self, key: str, seconds: int = 300) -> dict[str, Any]:
        for _ in range(seconds // 5):
            answer = self.get(key, wait=5)
            if answer["state"] != "RUNNING":
                return answer
        raise AssertionError(f"run {key} still runs after {seconds} s")

    def run(self, source: str, *args: Any, **options: Any) -> dict[str, Any]:
        return self.finish(self.start(source, *args, **options))

    def succeed(self, source: str, *args: Any, **options: Any) -> Any:
        """Run to success and return what the notebook left with, as JSON when it is."""
        answer = self.run(source, *args, **options)
        assert answer["state"] == "SUCCEEDED", answer["error_trace"]
        return json.loads(answer["exit_value"]) if answer["exit_value"] is not None else None

    def page(self, answer: dict[str, Any]) -> str:
        return Path(answer["output_path"]).read_text()

    def volume(self, name: str) -> Path:
        folder = self.root / "volumes" / "shop" / "raw" / name
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def write(self, path: str, text: str) -> None:
        place = self.root / "files" / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(textwrap.dedent(text))


@pytest.fixture(scope="session")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    root = tmp_path_factory.mktemp("engine") / "work space"
    root.mkdir()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.workspace = FakeWorkspace()
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_address[1]}"
    driver = DriverProcess(root, url, TOKEN, lambda: {"shop": ["bronze", "silver"]})
    driver.start()
    try:
        driver.wait_ready(READY_SECONDS)
        yield Engine(root, driver, server.workspace)
    finally:
        driver.stop()
        server.shutdown()
        server.server_close()
