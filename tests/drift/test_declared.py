"""From a synthesized stack and its state to resources without references."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from scripts.drift import declared
from scripts.errors import CommandError

CONFIGURATION: dict[str, Any] = {
    "resource": {
        "databricks_cluster_policy": {"jobs": {"name": "jobs", "//": {"metadata": {}}}},
        "databricks_directory": {"sql": {"path": "/Shared/x/sql"}},
        "databricks_job": {
            "a": {
                "name": "a",
                "task": [{"run_job_task": {"job_id": "${databricks_job.b.id}"}}],
                "job_cluster": [{"new_cluster": {"policy_id": "${databricks_cluster_policy.jobs.id}"}}],
                "description": "costs $${money} and ${databricks_directory.sql.path}/x",
                "depends_on": ["databricks_directory.sql"],
            },
            "b": {"name": "b"},
        },
    }
}


def _state(**ids: str) -> dict[str, Any]:
    return {
        "resources": [
            {"mode": "managed", "type": kind, "name": name, "instances": [{"attributes": {"id": each}}]}
            for address, each in ids.items()
            for kind, _, name in [address.replace("__", ".").partition(".")]
        ]
    }


def test_references_become_what_the_state_knows() -> None:
    state = _state(databricks_job__b="17", databricks_cluster_policy__jobs="ABC")
    stack = declared.resolve(CONFIGURATION, state)
    job = stack.resources["databricks_job.a"]
    assert job.arguments["task"][0]["run_job_task"]["job_id"] == "17"
    assert job.arguments["job_cluster"][0]["new_cluster"]["policy_id"] == "ABC"
    # What was never deployed is known by what is declared; a doubled dollar is one dollar.
    assert job.arguments["description"] == "costs ${money} and /Shared/x/sql/x"
    assert job.needs == {"databricks_job.b", "databricks_cluster_policy.jobs", "databricks_directory.sql"}
    assert job.id == ""
    assert "depends_on" not in job.arguments


def test_what_only_the_state_knows_is_kept_by_its_id() -> None:
    stack = declared.resolve(CONFIGURATION, _state(databricks_job__gone="9"))
    assert stack.forgotten == {"databricks_job 9": "databricks_job.gone"}


def test_a_half_made_object_is_not_there() -> None:
    state = _state(databricks_job__b="17")
    state["resources"][0]["instances"][0]["status"] = "tainted"
    assert declared.resolve(CONFIGURATION, state).resources["databricks_job.b"].id == ""


def test_content_is_inline_or_beside_the_stack(tmp_path: Path) -> None:
    (tmp_path / "n.py").write_bytes(b"1")
    inline = declared.Resource("databricks_notebook", "n", {"content_base64": base64.b64encode(b"2").decode()}, {})
    beside = declared.Resource("databricks_notebook", "n", {"source": "n.py"}, {}, folder=tmp_path)
    assert (inline.content(), beside.content()) == (b"2", b"1")
    lost = declared.Resource("databricks_notebook", "n", {"source": "m.py"}, {}, folder=tmp_path)
    with pytest.raises(CommandError, match=r"databricks_notebook\.n: source 'm\.py': No such file"):
        lost.content()


def test_a_local_state_is_read_where_the_backend_says(tmp_path: Path) -> None:
    backend = {"terraform": {"backend": {"local": {"path": str(tmp_path / "x.tfstate")}}}}
    (tmp_path / "cdk.tf.json").write_text(json.dumps(CONFIGURATION | backend))
    with pytest.raises(CommandError, match="has no state: it was never deployed from here"):
        declared.load(tmp_path, {})
    (tmp_path / "x.tfstate").write_text(json.dumps(_state(databricks_job__b="17")))
    assert declared.load(tmp_path, {}).resources["databricks_job.b"].id == "17"


def test_no_stack_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="no synthesized stack"):
        declared.load(tmp_path, {})
