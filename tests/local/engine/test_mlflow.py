"""MLflow in a process that runs several notebooks at once, in several processes, and in one that is killed."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

REPOSITORY = Path(__file__).resolve().parents[3]

FIRST_USERS = """
import pathlib, sys, threading
from local.engine import mlflow_setup
mlflow_setup.install(pathlib.Path(sys.argv[1]))
sys.setswitchinterval(1e-5)
together = threading.Barrier(6)
def use(number):
    together.wait()
    import mlflow
    client = mlflow.MlflowClient()
    client.create_registered_model(f"model{number}")
    with mlflow.start_run(experiment_id=client.create_experiment(f"experiment{number}")):
        mlflow.log_text("what a model is", "model.txt")
    sys.stdout.write(client.get_registered_model(f"model{number}").name + "\\n")
first = int(sys.argv[2])
threads = [threading.Thread(target=use, args=(number,)) for number in range(first, first + 6)]
for thread in threads: thread.start()
for thread in threads: thread.join()
"""

KILLED = """
import os, pathlib, signal, sys
from local.engine import mlflow_setup
from mlflow.store.db import utils
make = utils._upgrade_db
def killed(engine):
    make(engine)
    os.kill(os.getpid(), signal.SIGKILL)
utils._upgrade_db = killed
mlflow_setup.make_database(pathlib.Path(sys.argv[1]))
"""


def test_notebooks_may_use_it_for_the_first_time_at_once(tmp_path: Path) -> None:
    _use([_started(FIRST_USERS, tmp_path, 0)])
    assert [file.read_text() for file in tmp_path.rglob("model.txt")] == ["what a model is"] * 6


def test_so_may_processes(tmp_path: Path) -> None:
    _use([_started(FIRST_USERS, tmp_path, 6 * number) for number in range(3)])


def test_its_database_is_whole_or_absent_when_the_driver_is_killed(tmp_path: Path) -> None:
    killed = _started(KILLED, tmp_path)
    killed.communicate(timeout=120)
    assert killed.returncode == -signal.SIGKILL
    assert list(tmp_path.glob("mlflow/*/mlflow.db")), "it was not being made"
    assert not (tmp_path / "mlflow" / "mlflow.db").exists()
    _use([_started(FIRST_USERS, tmp_path, 0)])


def _started(program: str, folder: Path, *numbers: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", program, str(folder / "mlflow"), *map(str, numbers)]
    return subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def _use(processes: list[subprocess.Popen[str]]) -> None:
    said = []
    for process in processes:
        output, errors = process.communicate(timeout=120)
        assert not errors, errors
        said += output.split()
    assert sorted(said) == sorted(f"model{number}" for number in range(6 * len(processes)))
