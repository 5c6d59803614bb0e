"""The calls of plugin protocol 6, in terms of the engine; every failure becomes a diagnostic."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from local.provider import engine, wire
from local.provider.client import DEFAULT_RETRY_SECONDS, Access, ApiError, Client, UnreachableError
from local.provider.engine import ProviderError
from local.provider.journal import Journal
from local.provider.resource import Resource
from local.provider.resources import DATA_SOURCES, RESOURCES, DataSource
from local.provider.schema import block, schema_message
from local.provider.values import UNKNOWN, Values, conform, dumps, loads
from local.provider.wire import Message

CONFIGURATION = block("host token* auth_type rate_limit:number retry_timeout_seconds:number")

_ERROR = 1


class Provider:
    """One provider process; configured once, then asked by several threads."""

    def __init__(
        self, resources: Mapping[str, Resource] = RESOURCES, sources: Mapping[str, DataSource] = DATA_SOURCES
    ) -> None:
        self._resources = resources
        self._sources = sources
        self._client: Client | None = None
        self._journal: Journal | None = None
        self._methods: dict[str, Callable[[Message], Message]] = {
            "GetMetadata": self._get_metadata,
            "GetProviderSchema": self._get_schema,
            "ValidateProviderConfig": lambda request: {},
            "ConfigureProvider": self._configure,
            "ValidateResourceConfig": self._validate,
            "ValidateDataResourceConfig": lambda request: {},
            "UpgradeResourceState": self._upgrade,
            "ReadResource": self._read,
            "PlanResourceChange": self._plan,
            "ApplyResourceChange": self._apply,
            "ImportResourceState": self._import,
            "ReadDataSource": self._read_source,
            "StopProvider": lambda request: {},
        }

    def method(self, name: str) -> Callable[[bytes], bytes] | None:
        """Return the function that answers one call, bytes to bytes, or None for a call we do not know."""
        handler = self._methods.get(name)
        return None if handler is None else lambda data: self._answer(name, handler, data)

    def close(self) -> None:
        """Release what the process holds."""
        if self._journal is not None:
            self._journal.close()

    def _answer(self, name: str, handler: Callable[[Message], Message], data: bytes) -> bytes:
        kind = f"{name}.Request"
        try:
            answer = handler(wire.decode(kind if wire.knows(kind) else "Empty", data))
        except Exception as error:  # noqa: BLE001 - Terraform shows diagnostics; a gRPC error would look like a crash
            answer = {"diagnostics": [diagnostic(error)]}
        return wire.encode(f"{name}.Response", answer)

    def _connection(self) -> tuple[Client, Journal]:
        if self._client is None or self._journal is None:
            raise ProviderError("the provider is not configured")
        return self._client, self._journal

    def _get_metadata(self, _: Message) -> Message:
        return {
            "server_capabilities": _CAPABILITIES,
            "resources": [{"type_name": name} for name in self._resources],
            "data_sources": [{"type_name": name} for name in self._sources],
        }

    def _get_schema(self, _: Message) -> Message:
        return {
            "provider": schema_message(CONFIGURATION),
            "resource_schemas": [
                {"key": name, "value": schema_message(resource.schema, resource.version)}
                for name, resource in self._resources.items()
            ],
            "data_source_schemas": [
                {"key": name, "value": schema_message(source.schema)} for name, source in self._sources.items()
            ],
            "server_capabilities": _CAPABILITIES,
        }

    def _configure(self, request: Message) -> Message:
        access = access_from(loads(request["config"]["msgpack"]), os.environ)
        client = Client(access)
        try:
            client.me()
        except ApiError as failure:
            if failure.status in (401, 403):
                raise ProviderError(
                    f"the workspace at {client.host} refused the token ({failure.message}); "
                    "set `token` in the provider block or DATABRICKS_TOKEN"
                ) from failure
            raise
        self._client, self._journal = client, Journal(_notes_folder(os.environ), client.host)
        return {}

    def _validate(self, request: Message) -> Message:
        problems = self._resources[request["type_name"]].validate(_value(request, "config") or {})
        return {"diagnostics": [{"severity": _ERROR, "summary": problem} for problem in problems]}

    def _upgrade(self, request: Message) -> Message:
        # Also at an equal version: a state written under a smaller schema lacks keys that msgpack must have.
        state = json.loads(request["raw_state"]["json"])
        return {"upgraded_state": _dynamic(conform(self._resources[request["type_name"]].schema, state))}

    def _read(self, request: Message) -> Message:
        client, journal = self._connection()
        type_name, state = request["type_name"], _value(request, "current_state") or {}
        journal.confirm(type_name, str(state["id"]))
        after = engine.read(self._resources[type_name], client, state)
        return {"new_state": _dynamic(after), "private": request.get("private")}

    def _plan(self, request: Message) -> Message:
        _, journal = self._connection()
        type_name, prior = request["type_name"], _value(request, "prior_state")
        if prior is not None:
            journal.confirm(type_name, str(prior["id"]))
        config, proposed = _value(request, "config") or {}, _value(request, "proposed_new_state")
        planned = engine.plan(self._resources[type_name], prior, proposed, config)
        return {
            "planned_state": _dynamic(planned.state),
            "requires_replace": [{"steps": [{"attribute_name": name}]} for name in planned.replace],
        }

    def _apply(self, request: Message) -> Message:
        client, journal = self._connection()
        type_name = request["type_name"]
        prior, planned = _value(request, "prior_state"), _value(request, "planned_state")
        applied = engine.apply(self._resources[type_name], type_name, client, journal, prior, planned)
        problems = [] if applied.error is None else [diagnostic(applied.error)]
        return {"new_state": _dynamic(applied.state), "diagnostics": problems}

    def _import(self, request: Message) -> Message:
        client, _ = self._connection()
        type_name = request["type_name"]
        state = engine.import_state(self._resources[type_name], type_name, client, request["id"])
        return {"imported_resources": [{"type_name": type_name, "state": _dynamic(state)}]}

    def _read_source(self, request: Message) -> Message:
        client, _ = self._connection()
        source = self._sources[request["type_name"]]
        config = _value(request, "config") or {}
        return {"state": _dynamic(conform(source.schema, {**config, **source.read(client, config)}))}


_CAPABILITIES: Message = {"get_provider_schema_optional": True}


def access_from(config: Values, environment: Mapping[str, str]) -> Access:
    """Return the access that a provider block and the environment describe, or raise ProviderError."""
    unknown = sorted(name for name, value in config.items() if value is UNKNOWN)
    if unknown:
        raise ProviderError(f"the provider's `{unknown[0]}` must be known before apply")
    host = config.get("host") or environment.get("DATABRICKS_HOST")
    token = config.get("token") or environment.get("DATABRICKS_TOKEN")
    if not host:
        raise ProviderError("no workspace: set `host` in the provider block or DATABRICKS_HOST")
    if not token:
        raise ProviderError(f"no token for {host}: set `token` in the provider block or DATABRICKS_TOKEN")
    auth_type = config.get("auth_type") or environment.get("DATABRICKS_AUTH_TYPE") or "pat"
    if auth_type != "pat":
        raise ProviderError(f'auth_type {auth_type!r} is not known to the local provider; use "pat"')
    retry = config.get("retry_timeout_seconds")
    return Access(
        host, token, DEFAULT_RETRY_SECONDS if retry is None else float(retry), float(config.get("rate_limit") or 0)
    )


def _notes_folder(environment: Mapping[str, str]) -> Path:
    """Return where the journal of this folder's state lives: each Terraform workspace has a state of its own."""
    data = Path(environment.get("TF_DATA_DIR") or ".terraform").absolute()
    chosen = data / "environment"
    workspace = environment.get("TF_WORKSPACE") or (chosen.read_text().strip() if chosen.exists() else "default")
    return data / "local-provider" / workspace


def diagnostic(error: Exception) -> Message:
    """Return what Terraform shows for an error: one line for what we expect, the kind of error for what we do not."""
    if isinstance(error, ProviderError):
        return {"severity": _ERROR, "summary": error.summary, "detail": error.detail}
    if isinstance(error, ApiError | UnreachableError | ValueError):
        return {"severity": _ERROR, "summary": str(error)}
    return {"severity": _ERROR, "summary": f"the local provider failed: {type(error).__name__}: {error}"}


def _value(request: Message, field: str) -> Any:
    return loads(request[field]["msgpack"])


def _dynamic(value: Values | None) -> Message:
    return {"msgpack": dumps(value)}
