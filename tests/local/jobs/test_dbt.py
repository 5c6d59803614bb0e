"""dbt tasks: the real dbt in its supervised process; here against no warehouse, so only what needs none."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tarfile
import time
from pathlib import Path
from typing import Any

import httpx
import jobs_harness
import pytest
from databricks.sdk import WorkspaceClient
from jobs_harness import FakeDriver, Workspace, life_cycle, results, task_of

pytestmark = pytest.mark.slow
REPOSITORY = Path(__file__).resolve().parents[3]
PROJECT = {
    "dbt_project.yml": "name: shop\nversion: 1.0.0\nprofile: shop\nflags: {send_anonymous_usage_stats: false}\n",
    "models/orders.sql": "select {{ var('rows', 1) }} as n\n",
}
HANG = "{% for i in range(90000) %}{% for j in range(90000) %}{% endfor %}{% endfor %}select 1"
# Python hears no interrupt while it sums in C.
DEAF = "{{ log('it hangs', info=True) }}{{ modules.itertools.repeat(1) | sum }}select 1"


def keep_project(workspace: Workspace, folder: str, **more: str) -> None:
    for name, text in {**PROJECT, **more}.items():
        path = f"{folder}/{name}"
        workspace.tree.make_folder(path.rpartition("/")[0])
        workspace.tree.write(path, "FILE", None, text.encode(), overwrite=True)


def dbt(*commands: str, folder: str = "/Workspace/Shared/shop", **settings: Any) -> dict[str, Any]:
    task = {
        "commands": list(commands),
        "project_directory": folder,
        "warehouse_id": "w",
        "schema": "gold",
        "catalog": "c",
    }
    return {"task_key": "dbt", "dbt_task": task, **settings}


def output(workspace: Workspace, run: Any) -> Any:
    return workspace.client.jobs.get_run_output(task_of(run, "dbt").run_id)


def test_commands_run_in_one_process_and_leave_logs_and_artifacts(shared: Workspace) -> None:
    keep_project(shared, "/Shared/shop")
    instead = {"dbt_commands": ["dbt parse", "dbt ls --output name --vars '{rows: 2}'"]}
    run = shared.ended(shared.start(dbt("dbt no-such-command"), run=instead), 60)
    assert results(run) == {"dbt": "SUCCESS"}, output(shared, run).logs
    said = output(shared, run)
    assert "$ dbt parse" in said.logs
    assert "\norders\n" in said.logs
    assert jobs_harness.TOKEN not in said.logs
    task_run_id = task_of(run, "dbt").run_id
    assert jobs_harness.TOKEN not in (shared.root / "runs" / str(task_run_id) / "profile" / "profiles.yml").read_text()
    answer = httpx.get(said.dbt_output.artifacts_link, headers={"Authorization": f"Bearer {jobs_harness.TOKEN}"})
    archive = shared.root / "got.tar.gz"
    archive.write_bytes(answer.content)
    with tarfile.open(archive) as found:
        names = found.getnames()
    assert "target/manifest.json" in names
    assert "target/partial_parse.msgpack" not in names


def test_tasks_with_other_vars_do_not_throw_away_each_others_parse(shared: Workspace) -> None:
    keep_project(shared, "/Shared/parsed")
    logs = []
    for _ in range(2):
        for rows in (1, 2):
            run = shared.ended(shared.start(dbt(f"dbt parse --vars '{{rows: {rows}}}'", folder="/Shared/parsed")), 60)
            assert results(run) == {"dbt": "SUCCESS"}
            logs.append(output(shared, run).logs)
    assert ["Unable to do partial parsing" in log for log in logs] == [True, True, False, False]


def test_the_first_failing_command_is_named_and_ends_the_task(shared: Workspace) -> None:
    keep_project(shared, "/Shared/broken", **{"models/bad.sql": "select * from {{ ref('nowhere') }}"})
    run = shared.ended(shared.start(dbt("dbt parse", "dbt ls", folder="/Shared/broken")), 60)
    assert results(run) == {"dbt": "FAILED"}
    said = output(shared, run)
    assert "dbt command 'dbt parse' failed with exit code 2" in said.error
    assert "nowhere" in said.logs
    assert "$ dbt ls" not in said.logs


@pytest.mark.parametrize(
    ("task", "message"),
    [
        (dbt("rm -rf /"), "must start with 'dbt'"),
        (dbt("dbt 'x"), "cannot be read"),
        (dbt(*["dbt ls"] * 11), "1 to 10 commands"),
        (dbt("dbt ls", folder="/Shared/absent"), "doesn't exist"),
        (dbt("dbt ls", folder="/Shared"), "no dbt_project.yml"),
        (dbt("dbt ls", folder="/../../etc"), "outside the workspace"),
    ],
)
def test_wrong_tasks_are_refused(shared: Workspace, task: dict[str, Any], message: str) -> None:
    run = shared.ended(shared.start(task))
    assert message in task_of(run, "dbt").state.state_message


def test_a_cancelled_task_kills_its_processes(shared: Workspace) -> None:
    keep_project(shared, "/Shared/deaf", **{"models/deaf.sql": DEAF})
    run_id = shared.start(dbt("dbt parse", folder="/Shared/deaf"))
    pid = child_of(os.getpid(), 20)
    task_run_id = task_of(shared.client.jobs.get_run(run_id), "dbt").run_id
    log = shared.root / "runs" / str(task_run_id) / "dbt.log"
    shared.reaches(run_id, lambda _: "it hangs" in log.read_text())
    shared.client.jobs.cancel_run(run_id)
    run = shared.ended(run_id)
    assert results(run) == {"dbt": "CANCELED"}
    assert task_of(run, "dbt").status.termination_details.code.value == "USER_CANCELED"
    assert not alive(pid)


def test_a_task_is_run_by_another_original_when_the_first_is_gone(shared: Workspace) -> None:
    keep_project(shared, "/Shared/shop")
    for _ in range(2):  # the second finds no one, as after a long time without work
        run = shared.ended(shared.start(dbt("dbt ls --output name")), 60)
        assert results(run) == {"dbt": "SUCCESS"}, output(shared, run).logs
        originals = [pid for pid, parent in dbt_processes() if parent == os.getpid()]
        assert len(originals) == 1
        os.kill(originals[0], signal.SIGKILL)


def test_tasks_share_nothing_but_what_was_imported(shared: Workspace) -> None:
    """Two at once, each with its own folder, environment, process and log."""
    for name in ("one", "two"):
        keep_project(shared, f"/Shared/{name}", **{f"models/{name}.sql": "select 1 as n"})
    started = {
        name: shared.start(dbt("dbt ls --output name", folder=f"/Workspace/Shared/{name}")) for name in ("one", "two")
    }
    for name, run_id in started.items():
        run = shared.ended(run_id, 60)
        assert results(run) == {"dbt": "SUCCESS"}
        logs = output(shared, run).logs
        other = "two" if name == "one" else "one"
        assert f"\n{name}\n" in logs
        assert other not in logs


def test_a_killed_server_leaves_no_dbt_behind(tmp_path: Path) -> None:
    driver = FakeDriver()
    command = [sys.executable, jobs_harness.__file__, str(tmp_path), str(driver.port)]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=REPOSITORY, env={"PYTHONPATH": "."})
    assert server.stdout is not None
    url = server.stdout.readline().strip()
    tree = jobs_harness.Tree(jobs_harness.Store(tmp_path / "state.db"), tmp_path)
    client = WorkspaceClient(host=url, token=jobs_harness.TOKEN)
    there = Workspace(tmp_path, url, None, driver, None, client, tree)  # type: ignore[arg-type]
    keep_project(there, "/Shared/hang", **{"models/hang.sql": HANG})
    run_id = there.start(dbt("dbt parse", folder="/Shared/hang"))
    there.reaches(run_id, lambda run: life_cycle(run.tasks[0]) == "RUNNING")
    pid = child_of(server.pid, 20)
    original = dict(dbt_processes())[pid]
    server.kill()
    server.wait()
    server.stdout.close()
    deadline = time.monotonic() + 5
    while alive(pid) or alive(original):
        assert time.monotonic() < deadline, f"process {pid} or {original} outlived its server"
        time.sleep(0.05)


def child_of(server: int, seconds: float) -> int:
    """Return the process of a server's dbt task: a copy of the one that has imported dbt."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        found = dict(dbt_processes())
        if tasks := [pid for pid, parent in found.items() if found.get(parent) == server]:
            return tasks[0]
        time.sleep(0.1)
    raise AssertionError("no dbt process appeared")


def dbt_processes() -> list[tuple[int, int]]:
    """Return every dbt process of this machine and its parent."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            words = (folder / "cmdline").read_bytes().split(b"\0")
            status = (folder / "status").read_text()
        except OSError:
            continue
        if b"local.jobs.dbt_child" in words:
            found.append((int(folder.name), int(status.partition("PPid:\t")[2].split()[0])))
    return found


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
