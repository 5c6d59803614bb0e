"""What cannot work ends in one clear error, and soon."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from typing import Any

import pytest

pytestmark = pytest.mark.slow

SCOPES = "".join(f'resource "databricks_secret_scope" "s{n}" {{\n  name = "s{n}"\n}}\n' for n in range(5))


def _refused(stack: Any, squeeze: Callable[[str], str], expected: str, *, within: float = 20) -> None:
    started = time.monotonic()
    output = squeeze(stack.apply(expect=1))
    assert time.monotonic() - started < within
    assert output.count("Error:") == 1, output
    assert expected in output, output


@pytest.mark.parametrize("host", ["https://adb-1.azuredatabricks.net", "http://10.0.0.1:80", "http://127.0.0.1.nip.io"])
def test_a_host_that_is_not_loopback_is_refused(terraform: Callable[..., Any], squeeze: Any, host: str) -> None:
    _refused(terraform(host, "dapi-x", SCOPES), squeeze, f"this machine only, and '{host}' is not on loopback")


def test_a_wrong_token_is_one_error(workspace: Any, terraform: Callable[..., Any], squeeze: Any) -> None:
    stack = terraform(workspace.host, "dapi-wrong", SCOPES)
    _refused(stack, squeeze, f"the workspace at {workspace.host} refused the token")


def test_a_workspace_that_is_down_is_one_error_within_seconds(terraform: Callable[..., Any], squeeze: Any) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        host = f"http://127.0.0.1:{free.getsockname()[1]}"
        _refused(terraform(host, "dapi-x", SCOPES), squeeze, f"no workspace answers at {host}")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            'resource "databricks_job" "j" {\n  notebook_task {\n    notebook_path = "/x"\n  }\n}\n',
            "put it into a task",
        ),
        ('resource "databricks_job" "j" {\n  name = "x"\n}\n', "at least one task"),
        ('resource "databricks_notebook" "n" {\n  path = "/x/"\n  source = "two.py"\n}\n', "without a trailing slash"),
        ('resource "databricks_notebook" "n" {\n  path = "/x"\n}\n', "either source or content_base64"),
        (
            'resource "databricks_permissions" "p" {\n  job_id = "1"\n  cluster_id = "1"\n'
            '  access_control {\n    group_name = "users"\n    permission_level = "CAN_VIEW"\n  }\n}\n',
            "exactly one object, not 2",
        ),
        ('resource "databricks_secret_scope" "s" {\n  nam = "x"\n}\n', "Unsupported argument"),
    ],
)
def test_a_wrong_configuration_is_refused_before_anything_is_asked(
    proxy: Any, workspace: Any, terraform: Callable[..., Any], squeeze: Any, text: str, expected: str
) -> None:
    output = squeeze(terraform(proxy.host, workspace.token, text).run("validate", expect=1))
    assert expected in output
    assert proxy.requests == []
