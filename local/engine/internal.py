"""What the driver asks the workspace."""

from __future__ import annotations

import base64
from typing import Any

import httpx

_TIMEOUT_SECONDS = 30.0


class InternalError(Exception):
    """The workspace refused or did not answer; the message is one line."""


class Internal:
    """Client of the workspace's /internal/1/; safe to share between threads."""

    def __init__(self, url: str, token: str) -> None:
        headers = {"Authorization": f"Bearer {token}", "User-Agent": "local-spark-driver"}
        # trust_env off: a proxy of the shell must not see calls on loopback.
        base_url = f"{url.rstrip('/')}/internal/1"
        self._client = httpx.Client(base_url=base_url, headers=headers, timeout=_TIMEOUT_SECONDS, trust_env=False)

    def secret(self, scope: str, key: str) -> bytes | None:
        """Return a secret's value, or None when there is none."""
        answer = self._get("secret", {"scope": scope, "key": key})
        return None if answer is None else base64.b64decode(answer["value"])

    def secret_keys(self, scope: str) -> list[str] | None:
        """Return the keys of a scope, or None when there is none."""
        answer = self._get("secrets", {"scope": scope})
        return None if answer is None else [str(key) for key in answer["keys"]]

    def secret_scopes(self) -> list[str]:
        """Return the names of all scopes."""
        answer = self._get("secret-scopes", {})
        return [str(name) for name in (answer or {}).get("scopes", ())]

    def task_value(self, run_id: int, task_key: str, key: str) -> dict[str, Any] | None:
        """Return `{"value": …}` as a task of the job run has set it, or None."""
        return self._get("task-value", {"run_id": run_id, "task_key": task_key, "key": key})

    def set_task_value(self, task_run_id: int, key: str, value: Any) -> None:
        """Set a value that later tasks of the job run can read."""
        self._call("PUT", "task-value", json={"task_run_id": task_run_id, "key": key, "value": value})

    def notebook(self, path: str) -> tuple[str, str] | None:
        """Return language and source of a notebook, or None when there is none."""
        answer = self._get("notebook", {"path": path})
        return None if answer is None else (str(answer["language"]), str(answer["source"]))

    def _get(self, call: str, parameters: dict[str, Any]) -> dict[str, Any] | None:
        response = self._call("GET", call, params=parameters)
        return None if response.status_code == httpx.codes.NOT_FOUND else dict(response.json())

    def _call(self, method: str, call: str, **options: Any) -> httpx.Response:
        try:
            response = self._client.request(method, call, **options)
        except httpx.TransportError as error:
            raise InternalError(f"The workspace does not answer {method} {call}: {error}") from None
        if response.is_error and response.status_code != httpx.codes.NOT_FOUND:
            raise InternalError(
                f"The workspace answered {response.status_code} to {method} {call}: {response.text[:500]}"
            )
        return response
