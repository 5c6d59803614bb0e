"""Whether an object costs a workspace as much among many as among few: four times as many, the same work for each."""

from __future__ import annotations

import base64
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
import requests

from local.workspace.process import RunningWorkspace, start
from scripts.bench.measurement import Measurement

_GOAL = 1.5
_SAMPLE = 250  # objects that are made or read for a figure
_ROUNDS = 10  # listings
_FOLDER = 100  # files in one
_SOURCE = base64.b64encode(b"select 1 as one\n" * 20).decode()


def measure_jobs(few: int = 250, many: int = 1000) -> list[Measurement]:
    """Time create, get and list of jobs with ten tasks each."""
    return _measure("jobs", make_job, read_job, list_jobs, few, many)


def measure_files(few: int = 1250, many: int = 5000) -> list[Measurement]:
    """Time import, get-status and list of workspace files in folders of a hundred."""
    return _measure("files", _make_file, _read_file, _list_files, few, many)


_Make = Callable[["Http", int], str]
_Read = Callable[["Http", str], Any]
_List = Callable[["Http"], int]


def _measure(what: str, make: _Make, read: _Read, listing: _List, few: int, many: int) -> list[Measurement]:
    with serving() as http:
        keys: list[str] = []
        at_few = _grow(http, keys, few, make, read, listing)
        at_many = _grow(http, keys, many, make, read, listing)
    return [
        Measurement(
            name=f"{verb} of {what}, each of {many}",
            figure=round(at_many[verb], 3),
            baseline=round(at_few[verb], 3),
            ratio=round(at_many[verb] / at_few[verb], 2),
            goal=_GOAL,
            unit="ms",
            note=f"of the server's processor; floor: each of {few}",
        )
        for verb in at_few
    ]


def _grow(http: Http, keys: list[str], size: int, make: _Make, read: _Read, listing: _List) -> dict[str, float]:
    """Make objects up to a size; return what one costs: of the last ones made, of some read, of all listed."""
    keys += [make(http, number) for number in range(len(keys), size - _SAMPLE)]
    created = http.cost(lambda: keys.extend(make(http, number) for number in range(size - _SAMPLE, size)))
    got = http.cost(lambda: [read(http, key) for key in keys[:: size // _SAMPLE][:_SAMPLE]])
    listed = http.cost(lambda: _list(http, listing, size))
    return {"create": created / _SAMPLE, "get": got / _SAMPLE, "list": listed / _ROUNDS / size}


def _list(http: Http, listing: _List, size: int) -> None:
    for _ in range(_ROUNDS):
        found = listing(http)
        if found != size:
            raise ValueError(f"the listing has {found} objects of {size}")


class Http:
    """A plain client: what a library adds to a request would hide what the server does."""

    def __init__(self, workspace: RunningWorkspace) -> None:
        self._host = workspace.host
        self._process = psutil.Process(workspace.pid)
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.headers["Authorization"] = f"Bearer {workspace.token}"

    def cost(self, work: Callable[[], object]) -> float:
        """Return the milliseconds of processor that the server spends on some work: a busy machine adds little."""
        before = self._process.cpu_times()
        work()
        after = self._process.cpu_times()
        return float(after.user + after.system - before.user - before.system) * 1000

    def get(self, path: str, /, **query: object) -> Any:
        """GET, and the answer as JSON."""
        return self._json("GET", path, params=query)

    def post(self, path: str, body: dict[str, Any]) -> Any:
        """POST, and the answer as JSON."""
        return self._json("POST", path, json=body)

    def _json(self, method: str, path: str, **options: Any) -> Any:
        answer = self._session.request(method, self._host + path, timeout=60, **options)
        answer.raise_for_status()
        return answer.json()


@contextmanager
def serving() -> Iterator[Http]:
    """Serve an empty workspace without a driver for as long as the block takes."""
    with (
        tempfile.TemporaryDirectory(prefix="bench-scale-") as folder,
        start(Path(folder) / "workspace", arguments=["--no-driver"]) as workspace,
    ):
        yield Http(workspace)


def make_job(http: Http, number: int) -> str:
    """Create a job of ten tasks and return its id."""
    condition = {"left": "1", "op": "EQUAL_TO", "right": "1"}
    tasks = [{"task_key": f"t{n}", "description": "x" * 80, "condition_task": condition} for n in range(10)]
    return str(http.post("/api/2.2/jobs/create", {"name": f"job {number}", "tasks": tasks})["job_id"])


def read_job(http: Http, key: str) -> Any:
    """Return one job."""
    return http.get("/api/2.2/jobs/get", job_id=key)


def list_jobs(http: Http) -> int:
    """Return how many jobs all pages of the listing have."""
    found, token = 0, ""
    while token is not None:
        page = http.get("/api/2.2/jobs/list", page_token=token)
        found, token = found + len(page["jobs"]), page.get("next_page_token")
    return found


def _make_file(http: Http, number: int) -> str:
    folder = f"/Shared/{number // _FOLDER}"
    if number % _FOLDER == 0:
        http.post("/api/2.0/workspace/mkdirs", {"path": folder})
    path = f"{folder}/{number}.sql"
    http.post("/api/2.0/workspace/import", {"path": path, "content": _SOURCE, "format": "RAW"})
    return path


def _read_file(http: Http, path: str) -> Any:
    return http.get("/api/2.0/workspace/get-status", path=path)


def _list_files(http: Http) -> int:
    folders = http.get("/api/2.0/workspace/list", path="/Shared")["objects"]
    return sum(len(http.get("/api/2.0/workspace/list", path=each["path"])["objects"]) for each in folders)
