"""kill -9 at random moments of a stream of changes: what was answered stays, what was under way is whole or absent."""

from __future__ import annotations

import base64
import json
import random
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import requests

from local.workspace.process import RunningWorkspace, start

pytestmark = pytest.mark.slow
SEED, KILLS, WRITERS, NAMES = 20261124, 8, 3, 2
ANSWERS = 15  # at least so many before each kill: there must be something to lose
REPEATS = 4000
Key = tuple[str, str]
State = dict[Key, str]  # what there is: kind and name → version


@dataclass
class Writer:
    """One client with names of its own; knows in which states each may be found after a kill."""

    server: RunningWorkspace
    number: int
    choose: random.Random
    state: State
    allowed: dict[Key, set[str | None]] = field(default_factory=dict)
    answered: int = 0

    def run(self) -> None:
        """Change things until the server is gone."""
        kinds: list[Callable[[str, str], None]] = [self.file, self.job, self.dashboard, self.secret, self.volume]
        with requests.Session() as self.http:
            self.http.headers["Authorization"] = f"Bearer {self.server.token}"
            try:
                while True:
                    name = f"{self.number}-{self.choose.randrange(NAMES)}"
                    self.choose.choice(kinds)(name, f"{self.choose.randrange(10**8):08}")
            except requests.RequestException:
                return

    def call(self, method: str, path: str, body: Any = None, fine: tuple[int, ...] = (), **options: Any) -> Any:
        if body is not None:
            options["json"] = body
        answer = self.http.request(method, self.server.host + path, timeout=20, **options)
        assert answer.ok or answer.status_code in fine, f"{method} {path}: {answer.text}"
        return answer

    def change(self, new: dict[Key, str | None], request: Callable[[], Any]) -> Any:
        """Send a change of these names: from here on each is as before or as wanted, from the answer on as wanted."""
        for key, value in new.items():
            self.allowed[key] = {self.state.get(key), value}
        answer = request()
        for key, value in new.items():
            self.allowed[key] = {value}
            self.state.pop(key, None)
            if value is not None:
                self.state[key] = value
        self.answered += 1
        return answer

    def file(self, name: str, version: str) -> None:
        folder, keys = f"/Shared/{name}", [("file", f"/Shared/{name}/{n}") for n in range(2)]
        if self.choose.random() < 0.3:
            body = {"path": folder, "recursive": True}
            delete = "/api/2.0/workspace/delete"
            self.change(dict.fromkeys(keys), lambda: self.call("POST", delete, body, fine=(404,)))
            return
        self.call("POST", "/api/2.0/workspace/mkdirs", {"path": folder})
        key, content = self.choose.choice(keys), base64.b64encode((version * REPEATS).encode()).decode()
        body = {"path": key[1], "content": content, "format": "RAW", "overwrite": True}
        self.change({key: version}, lambda: self.call("POST", "/api/2.0/workspace/import", body))

    def job(self, name: str, version: str) -> None:
        key, base = ("job", name), "/api/2.2/jobs"
        condition = {"left": version, "op": "EQUAL_TO", "right": version}
        tasks = [{"task_key": f"t{n}", "condition_task": condition} for n in range(20)]
        settings = {"name": name, "description": version, "tasks": tasks}
        found = self.call("GET", f"{base}/list", params={"name": name}).json().get("jobs", [])
        if not found:
            self.change({key: version}, lambda: self.call("POST", f"{base}/create", settings))
            return
        (job,) = found
        if self.choose.random() < 0.4:
            self.change({key: None}, lambda: self.call("POST", f"{base}/delete", {"job_id": job["job_id"]}))
            return
        owner = {"user_name": "developer@example.com", "permission_level": "IS_OWNER"}
        self.call("PUT", f"/api/2.0/permissions/jobs/{job['job_id']}", {"access_control_list": [owner]})
        reset = {"job_id": job["job_id"], "new_settings": settings}
        self.change({key: version}, lambda: self.call("POST", f"{base}/reset", reset))

    def dashboard(self, name: str, version: str) -> None:
        key, base = ("dashboard", name), "/api/2.0/lakeview/dashboards"
        listed = self.call("GET", base).json()["dashboards"]
        ids = [each["dashboard_id"] for each in listed if each["display_name"] == name]
        body = {"serialized_dashboard": json.dumps({"version": version * 500})}
        if not ids:
            made = {"display_name": name, "parent_path": "/Shared", **body}
            self.change({key: version}, lambda: self.call("POST", base, made))
        elif self.choose.random() < 0.4:
            self.change({key: None}, lambda: self.call("DELETE", f"{base}/{ids[0]}"))
        else:
            read = {"group_name": "users", "permission_level": "CAN_READ"}
            self.call("PUT", f"/api/2.0/permissions/dashboards/{ids[0]}", {"access_control_list": [read]})
            self.change({key: version}, lambda: self.call("PATCH", f"{base}/{ids[0]}", body))

    def secret(self, name: str, version: str) -> None:
        key, base = ("secret", name), "/api/2.0/secrets"
        if self.choose.random() < 0.3:
            body = {"scope": name}
            self.change({key: None}, lambda: self.call("POST", f"{base}/scopes/delete", body, fine=(404,)))
            return
        self.call("POST", f"{base}/scopes/create", {"scope": name}, fine=(400,))
        put = {"scope": name, "key": "k", "string_value": version}
        self.change({key: version}, lambda: self.call("POST", f"{base}/put", put))

    def volume(self, name: str, version: str) -> None:
        key, full_name = ("upload", name), f"kill.default.{name}"
        if self.choose.random() < 0.3:
            path = f"/api/2.1/unity-catalog/volumes/{full_name}"
            self.change({key: None}, lambda: self.call("DELETE", path, fine=(404,)))
            return
        body = {"catalog_name": "kill", "schema_name": "default", "name": name, "volume_type": "MANAGED"}
        self.call("POST", "/api/2.1/unity-catalog/volumes", body, fine=(400,))
        path, content = f"/api/2.0/fs/files/Volumes/kill/default/{name}/f?overwrite=true", (version * REPEATS).encode()
        self.change({key: version}, lambda: self.call("PUT", path, data=content))


def test_what_was_answered_survives_and_what_was_not_is_whole_or_absent(tmp_path: Path) -> None:
    root, chance = tmp_path / "root", random.Random(SEED)
    allowed: dict[Key, set[str | None]] = {}
    answered = 0
    for kill in range(KILLS + 1):
        with start(root, arguments=["--no-driver"]) as server:
            state = found(root)
            wrong = {key: state.get(key) for key in allowed.keys() | state.keys() if lost(state, allowed, key)}
            assert wrong == {}, f"after kill {kill} of seed {SEED}; allowed were {allowed}"
            if kill == KILLS:
                break
            if kill == 0:
                headers = {"Authorization": f"Bearer {server.token}"}
                catalogs = f"{server.host}/api/2.1/unity-catalog/catalogs"
                requests.post(catalogs, json={"name": "kill"}, headers=headers, timeout=10).raise_for_status()
            writers = [own(server, n, random.Random(f"{SEED}-{kill}-{n}"), state) for n in range(WRITERS)]
            threads = [threading.Thread(target=writer.run) for writer in writers]
            for thread in threads:
                thread.start()
            while sum(writer.answered for writer in writers) < ANSWERS and any(thread.is_alive() for thread in threads):
                time.sleep(0.01)
            time.sleep(chance.uniform(0, 0.3))
            server.process.kill()
            for thread in threads:
                thread.join()
            # What a kill between the database and the file system can leave at worst:
            for stray in ("files/Shared/stray/f", "volumes/kill/default/stray/f", "incoming/f"):
                (root / stray).parent.mkdir(parents=True, exist_ok=True)
                (root / stray).write_text("half")
            allowed = {key: {value} for key, value in state.items()}
            allowed |= {key: states for writer in writers for key, states in writer.allowed.items()}
            answered += sum(writer.answered for writer in writers)
    assert answered >= KILLS * ANSWERS, "the kills came before there was anything to lose"


def own(server: RunningWorkspace, number: int, choose: random.Random, state: State) -> Writer:
    mine = {key: value for key, value in state.items() if key[1].removeprefix("/Shared/").startswith(f"{number}-")}
    return Writer(server, number, choose, mine)


def lost(state: State, allowed: dict[Key, set[str | None]], key: Key) -> bool:
    return state.get(key) not in allowed.get(key, {None})


def found(root: Path) -> State:
    """Return what the store holds, having checked that nothing in it or beside it is half or without its owner."""
    with closing(sqlite3.connect(f"file:{root}/state.db?mode=ro", uri=True)) as connection:
        tree = dict(connection.execute("select path, content from tree"))
        secrets = list(connection.execute("select scope, value from secret_values"))
        objects: dict[str, dict[str, Any]] = {}
        for kind, key, body in connection.execute("select kind, id, body from objects"):
            objects.setdefault(kind, {})[key] = json.loads(body)
    assert on_disk(root / "files") == tree
    assert all(tree.get(str(Path(path).parent), "") is None for path in tree if path != "/"), "a parent is missing"
    assert list((root / "incoming").iterdir()) == []
    shared = [key.partition("/") for key in objects.get("acls", {})]
    assert [key for kind, _, key in shared if key not in objects.get(kind, {})] == [], "access lists of nothing"
    assert {scope for scope, _ in secrets} <= objects.get("scopes", {}).keys(), "secrets of no scope"
    volumes = root / "volumes" / "kill" / "default"
    folders = {f"kill.default.{each.name}" for each in volumes.iterdir()} if volumes.exists() else set()
    assert folders == objects.get("volumes", {}).keys()
    return dict(versions(tree, objects, secrets, volumes))


def on_disk(files: Path) -> dict[str, bytes | None]:
    """Return the real files as the store would name them."""
    below = {f"/{each.relative_to(files)}": each.read_bytes() if each.is_file() else None for each in files.rglob("*")}
    return {"/": None, **below}


def versions(
    tree: dict[str, bytes | None], objects: dict[str, dict[str, Any]], secrets: list[Any], volumes: Path
) -> Iterator[tuple[Key, str]]:
    for path, content in tree.items():
        if content is not None:
            yield ("file", path), of_one(content, REPEATS)
    for body in objects.get("job", {}).values():
        said = body["settings"]
        assert {task["condition_task"]["left"] for task in said["tasks"]} == {said["description"]}
        assert len(said["tasks"]) == 20
        yield ("job", said["name"]), said["description"]
    for body in objects.get("dashboards", {}).values():
        draft = body["draft"]
        yield ("dashboard", draft["display_name"]), of_one(json.loads(draft["serialized_dashboard"])["version"], 500)
    for scope, value in secrets:
        yield ("secret", scope), bytes(value).decode()
    for file in volumes.glob("*/f") if volumes.exists() else ():
        yield ("upload", file.parent.name), of_one(file.read_bytes(), REPEATS)


def of_one(content: bytes | str, repeats: int) -> str:
    """Return the version that fills a content, which must have no other in it and be complete."""
    text = content.decode() if isinstance(content, bytes) else content
    assert text == text[:8] * repeats, f"{len(text)} characters that begin with {text[:16]}"
    return text[:8]
