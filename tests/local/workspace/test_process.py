"""Starting, stopping and killing the server."""

from __future__ import annotations

import base64
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from pathlib import Path

import psutil
import pytest
import requests

from local.workspace.process import REPOSITORY, RunningWorkspace, WorkspaceError, start

pytestmark = pytest.mark.slow
ALONE = ["--no-driver"]


def session(server: RunningWorkspace) -> requests.Session:
    http = requests.Session()
    http.headers["Authorization"] = f"Bearer {server.token}"
    return http


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "local.workspace", "--no-driver", *arguments]
    return subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, timeout=60, check=False)


def assert_one_line(done: subprocess.CompletedProcess[str], *words: str) -> None:
    assert done.returncode == 1
    assert done.stderr.startswith("local.workspace: ")
    assert done.stderr.count("\n") == 1, done.stderr
    assert all(word in done.stderr for word in words), done.stderr


def test_a_busy_port_is_one_clear_line(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        assert_one_line(run("--root", str(tmp_path / "root"), "--port", port), f"127.0.0.1:{port}", "--port")


def test_a_root_that_cannot_be_written_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert_one_line(run("--root", str(tmp_path / "file" / "root"), "--port", "0"), str(tmp_path / "file"), "--root")


def test_a_second_server_on_a_root_is_one_clear_line_and_the_first_goes_on(server: RunningWorkspace) -> None:
    assert_one_line(run("--root", str(server.root), "--port", "0"), str(server.root), "another server")
    assert session(server).get(f"{server.host}/api/2.0/preview/scim/v2/Me", timeout=10).ok


def test_start_says_why_it_failed(server: RunningWorkspace) -> None:
    with pytest.raises(WorkspaceError, match=r"ended with code 1 .*another server is running"):
        start(server.root, arguments=ALONE)


def test_a_signal_stops_in_good_order_and_a_restart_finds_everything(tmp_path: Path) -> None:
    tokens = set()
    for number in (signal.SIGTERM, signal.SIGINT):
        with start(tmp_path / "root", arguments=ALONE) as server, session(server) as http:
            tokens.add(server.token)
            url, path = f"{server.host}/api/2.0/workspace", {"path": "/Shared/kept"}
            if number is signal.SIGINT:
                assert http.get(f"{url}/get-status", params=path, timeout=10).json()["object_type"] == "DIRECTORY"
            http.post(f"{url}/mkdirs", json=path, timeout=10).raise_for_status()
            os.kill(server.pid, number)
            assert server.process.wait(20) == 0
            assert not (server.root / "server.json").exists()
    assert len(tokens) == 1


def test_an_open_connection_does_not_hold_up_the_stop(tmp_path: Path) -> None:
    with start(tmp_path / "root", arguments=ALONE) as server:
        host, port = server.host.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port))):
            began = time.monotonic()
            server.stop()
            assert time.monotonic() - began < 10


def test_killed_while_writing_it_keeps_whole_objects_and_repairs_the_files(tmp_path: Path) -> None:
    """Writers overwrite files with content of one byte repeated; after each kill every file is one whole version."""
    root = tmp_path / "root"
    for kills in range(4):
        with start(root, arguments=ALONE) as server:
            if kills > 0:
                assert_whole(root)
            written: list[int] = []
            writers = [threading.Thread(target=write_until_killed, args=(server, n, written)) for n in range(4)]
            for writer in writers:
                writer.start()
            while len(set(written)) < len(writers) or len(written) < 20:
                time.sleep(0.01)
            server.process.kill()
            for writer in writers:
                writer.join()
        # What a kill between the database and the file system can leave at worst:
        (root / "files" / "Shared" / "stray").write_text("not in the database")
        (root / "files" / "Shared" / "f0").unlink(missing_ok=True)


def assert_whole(root: Path) -> None:
    connection = sqlite3.connect(root / "state.db")
    rows = connection.execute("select path, content from tree where object_type = 'FILE'").fetchall()
    connection.close()
    assert len(rows) == 4
    for path, content in rows:
        assert len(content) == 50_000
        assert len(set(content)) == 1, f"{path} mixes two versions"
        assert (root / "files" / path.lstrip("/")).read_bytes() == content
    assert not (root / "files" / "Shared" / "stray").exists()
    assert list((root / "incoming").iterdir()) == []


def write_until_killed(server: RunningWorkspace, number: int, written: list[int]) -> None:
    with session(server) as http:
        for version in range(1, 10_000):
            body = {
                "path": f"/Shared/f{number}",
                "content": base64.b64encode(bytes([version % 256]) * 50_000).decode(),
                "format": "RAW",
                "overwrite": True,
            }
            try:
                answer = http.post(f"{server.host}/api/2.0/workspace/import", json=body, timeout=10)
            except requests.RequestException:
                return
            assert answer.ok, answer.text
            written.append(number)


def test_a_server_does_not_outlive_the_one_who_started_it(tmp_path: Path) -> None:
    start_and_tell = (
        "import time, pathlib; from local.workspace.process import start\n"
        f"print(start(pathlib.Path({str(tmp_path / 'root')!r}), arguments=('--no-driver',)).pid, flush=True)\n"
        "time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", start_and_tell], stdout=subprocess.PIPE, text=True) as starter:
        assert starter.stdout is not None
        server = psutil.Process(int(starter.stdout.readline()))
        starter.kill()
    server.wait(10)
