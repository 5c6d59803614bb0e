"""The workspace of an environment, and what commands need of it before they can ask anything."""

from __future__ import annotations

import os

import requests
from databricks.sdk import WorkspaceClient
from databricks.sdk.config import Config
from databricks.sdk.errors.base import DatabricksError

from infra import compute
from infra.environments import ENVIRONMENTS, Environment
from scripts import workspaces
from scripts.errors import CommandError

# A host that does not answer is told within this time, not after the five minutes of the SDK.
RETRY_SECONDS = 15
REQUEST_SECONDS = 60


def environment(name: str) -> Environment:
    """Return the environment of this name; CommandError with the known ones when there is none."""
    if name not in ENVIRONMENTS:
        raise CommandError(f"--environment {name!r}: expected {', '.join(ENVIRONMENTS)}.")
    return ENVIRONMENTS[name]


def connect(env: Environment) -> WorkspaceClient:
    """Return a client as the SDK's environment variables say, for `local` of the running workspace without them."""
    if env.name == "local" and not os.environ.get("DATABRICKS_HOST"):
        running = workspaces.find()
        if running is None:
            raise CommandError("No workspace of this checkout is running: make demo starts one.")
        return _client(host=running.host, token=running.token, auth_type="pat")
    _refuse_silent_host(os.environ.get("DATABRICKS_HOST", ""))
    try:
        return _client()
    except ValueError as error:
        raise CommandError(
            f"No workspace for environment '{env.name}': set DATABRICKS_HOST and DATABRICKS_TOKEN, or what else the SDK"
            f" signs in with ({_sdk_reason(error)})."
        ) from error


def _refuse_silent_host(host: str) -> None:
    """The SDK asks a host about itself for five minutes, whatever its settings: one that is not there is told now."""
    if not host:
        return
    try:
        requests.head(host if "://" in host else f"https://{host}", timeout=RETRY_SECONDS)
    except (requests.RequestException, ValueError) as error:
        raise CommandError(f"Workspace {host} does not answer: {_cause(error)}") from error


def _sdk_reason(error: ValueError) -> str:
    """Return what the SDK misses; it goes on with an address to read and with its settings."""
    return first_line(error).partition(", please check")[0].partition(". Config:")[0]


def _cause(error: BaseException) -> str:
    """Return what the system said, where that is at the bottom of an error: requests wraps it three times."""
    below: BaseException | None = error
    while below is not None:
        if isinstance(below, OSError) and below.strerror:
            return below.strerror
        below = below.__cause__ or below.__context__
    return first_line(error)


def _client(**settings: str) -> WorkspaceClient:
    config = Config(retry_timeout_seconds=RETRY_SECONDS, http_timeout_seconds=REQUEST_SECONDS, **settings)  # type: ignore[arg-type]
    return WorkspaceClient(config=config)


def warehouse_id(client: WorkspaceClient, env: Environment) -> str:
    """Return the SQL warehouse that the environment's deployment made; CommandError when it is not there."""
    name = env.display_name(compute.warehouse(env).title)
    try:
        found = [each.id for each in client.warehouses.list() if each.name == name and each.id]
    except (DatabricksError, OSError) as error:
        raise CommandError(f"Workspace {client.config.host}: {first_line(error)}") from error
    if len(found) != 1:
        raise CommandError(
            f"Environment '{env.name}' is not deployed to {client.config.host}:"
            f" it has {len(found) or 'no'} SQL warehouse{'s' if len(found) > 1 else ''} {name!r}."
        )
    return found[0]


def first_line(error: BaseException | str) -> str:
    """Return the first line of what an error says: commands answer in one."""
    return next((line.strip() for line in str(error).splitlines() if line.strip()), type(error).__name__)
