"""Keeps the Spark driver's catalogs and schemas equal to Unity Catalog's."""

from __future__ import annotations

import logging
import time
import uuid
from typing import Any

from local.engine.client import DriverClient, DriverUnavailable
from local.errors import ApiError
from local.services import Services
from local.store import Store

DROPPED = "dropped-schemas"  # deleted here while no driver answered; dropped there when one does
READY_SECONDS = 120
STATEMENT_SECONDS = 60

log = logging.getLogger(__name__)


def catalog_map(store: Store) -> dict[str, list[str]]:
    """Return the schemas of each catalog."""
    names: dict[str, list[str]] = {name: [] for name, _ in store.list("catalogs")}
    for full_name, _ in store.list("schemas"):
        catalog, _, schema = full_name.partition(".")
        names[catalog].append(schema)
    return names


def changed(services: Services) -> None:
    """Tell the driver of a change that is committed; one that starts later reads it all."""
    services.driver.catalogs(catalog_map(services.store))


def tables(services: Services, full_name: str) -> list[str]:
    """Return the tables and views of a schema; none while no driver answers, for then nobody can read them either."""
    try:
        client = services.driver.client()
        return [str(row[1]) for row in _rows(client, f"SHOW TABLES IN {quoted(full_name)}")]
    except DriverUnavailable:
        return []


def drop(services: Services, full_name: str) -> None:
    """Drop a schema with its tables, at once or as soon as a driver answers."""
    try:
        _drop(services.driver.client(), full_name)
    except DriverUnavailable:
        if any((services.root / "lake").iterdir()):
            services.store.put(DROPPED, full_name, {})


def settle(services: Services) -> None:
    """Drop what was deleted while no driver answered, waiting for one that is starting."""
    pending = [name for name, _ in services.store.list(DROPPED)]
    if not pending or services.driver.pid is None:
        return
    services.driver.wait_ready(READY_SECONDS)
    # Their catalogs are gone too, perhaps since before this driver started: it must know the names to drop in them.
    services.driver.client().put_catalogs({full_name.partition(".")[0]: [] for full_name in pending})
    for full_name in pending:
        # One that was made again without a driver keeps its tables: they may be its own by now.
        if services.store.get("schemas", full_name) is None:
            _drop(services.driver.client(), full_name)
        services.store.delete(DROPPED, full_name)


def settle_before(services: Services, full_name: str) -> None:
    """Let a schema that is made again not find the tables of the one that was deleted."""
    if services.store.get(DROPPED, full_name) is None:
        return
    try:
        settle(services)
    except DriverUnavailable as error:
        raise ApiError(503, "TEMPORARILY_UNAVAILABLE", str(error)) from None


def settle_in_background(services: Services) -> None:
    """The body of a thread that runs once, when the server has started."""
    try:
        settle(services)
    except (DriverUnavailable, ApiError) as error:
        log.warning("schemas that were deleted stay until the next start: %s", error)


def quoted(full_name: str) -> str:
    """Return a full name as SQL."""
    return ".".join("`" + part.replace("`", "``") + "`" for part in full_name.split("."))


def _drop(client: DriverClient, full_name: str) -> None:
    # Spark's own `default` cannot be dropped, and every new catalog's is deleted by the Terraform provider.
    if full_name.rpartition(".")[2] == "default":
        return
    _rows(client, f"DROP SCHEMA IF EXISTS {quoted(full_name)} CASCADE")


def _rows(client: DriverClient, sql: str) -> list[list[Any]]:
    """Run one statement to its end and return its rows."""
    key, deadline = f"workspace-{uuid.uuid4()}", time.monotonic() + STATEMENT_SECONDS
    client.call("POST", "/statements", {"id": key, "sql": sql})
    while time.monotonic() < deadline:
        answer = client.call("GET", f"/statements/{key}?wait=10")
        if answer["state"] == "SUCCEEDED":
            return list(answer["rows"])
        if answer["state"] != "RUNNING":
            said = (answer.get("error") or {}).get("message", answer["state"])
            raise ApiError(500, "INTERNAL_ERROR", f"{sql}: {said}")
    client.request("DELETE", f"/statements/{key}")
    raise ApiError(500, "INTERNAL_ERROR", f"{sql}: not finished after {STATEMENT_SECONDS} s")
