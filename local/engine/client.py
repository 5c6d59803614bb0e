"""Client of the Spark driver's HTTP."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import httpx

from local.errors import ApiError

_CONNECT_SECONDS = 5.0
# The first use of the metastore takes 7 s, on a busy machine several times that.
_METASTORE_SECONDS = 120.0


class DriverUnavailable(Exception):  # noqa: N818 (it says what is the case)
    """The driver is not there, or not the one that was asked before; one line, naming the log."""


class DriverNotReached(DriverUnavailable):
    """Nobody listened: the driver took nothing, and another may be asked the same."""


class DriverClient:
    """Calls one driver process, from any thread; every method raises DriverUnavailable when the process is gone."""

    def __init__(self, port: int, token: str, log: Path) -> None:
        headers = {"Authorization": f"Bearer {token}"}
        limits = httpx.Limits(max_connections=None, max_keepalive_connections=20)
        self._http = httpx.Client(base_url=f"http://127.0.0.1:{port}", headers=headers, limits=limits, trust_env=False)
        self._log = log

    def health(self) -> dict[str, Any]:
        """Return the version of Spark."""
        return self.call("GET", "/health")

    def put_catalogs(self, catalogs: Mapping[str, Sequence[str]]) -> None:
        """Make catalogs and schemas exist; safe to repeat."""
        body = {name: list(schemas) for name, schemas in catalogs.items()}
        self.call("PUT", "/catalogs", body, timeout=_METASTORE_SECONDS)

    def call(self, method: str, path: str, body: Any = None, timeout: float = 30.0) -> dict[str, Any]:
        """Return the driver's JSON answer; a refusal is an ApiError, a run lost with its driver DriverUnavailable."""
        response = self.request(method, path, json=body, timeout=timeout)
        if response.status_code == httpx.codes.NOT_FOUND and path.startswith("/notebook-runs/"):
            raise DriverUnavailable(f"The Spark driver died, and {path} with it: see {self._log}.")
        if response.is_error:
            raise _refusal(
                response, f"The Spark driver answered {response.status_code} to {method} {path}: see {self._log}."
            )
        return dict(response.json())

    def request(self, method: str, path: str, timeout: float = 30.0, **options: Any) -> httpx.Response:
        """Send any call; the answer is the driver's, whatever its status."""
        limit = httpx.Timeout(timeout, connect=_CONNECT_SECONDS)
        try:
            return self._http.request(method, path, timeout=limit, **options)
        except httpx.TransportError as error:
            reason = str(error) or type(error).__name__
            kind = DriverNotReached if isinstance(error, httpx.ConnectError) else DriverUnavailable
            raise kind(f"The Spark driver does not answer {method} {path} ({reason}): see {self._log}.") from None

    def close(self) -> None:
        """Close idle connections."""
        self._http.close()


def _refusal(response: httpx.Response, otherwise: str) -> ApiError:
    try:
        body = response.json()
        return ApiError(response.status_code, str(body["error_code"]), str(body["message"]))
    except (ValueError, KeyError, TypeError):
        return ApiError(response.status_code, "INTERNAL_ERROR", otherwise)
