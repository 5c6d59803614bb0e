"""MLflow in a process that runs several notebooks at once."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

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
    client.create_experiment(f"experiment{number}")
    sys.stdout.write(client.get_registered_model(f"model{number}").name + "\\n")
threads = [threading.Thread(target=use, args=(number,)) for number in range(6)]
for thread in threads: thread.start()
for thread in threads: thread.join()
"""


@pytest.mark.slow
def test_notebooks_may_use_it_for_the_first_time_at_once(tmp_path: Path) -> None:
    command = [sys.executable, "-c", FIRST_USERS, str(tmp_path / "mlflow")]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, timeout=120, check=False)
    assert "Traceback" not in done.stderr, done.stderr
    assert sorted(done.stdout.split()) == [f"model{number}" for number in range(6)]
