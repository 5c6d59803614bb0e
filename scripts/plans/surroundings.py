"""The workspace of an environment, and the process environment in which Terraform reaches it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass

from databricks.sdk import WorkspaceClient

from infra.environments import Environment
from scripts import connection, toolchain


@dataclass(frozen=True)
class Surroundings:
    """A client of the workspace, and variables with which programs reach the same one as the same principal."""

    client: WorkspaceClient
    variables: Mapping[str, str]


def find(env: Environment) -> Surroundings:
    """Return the workspace of an environment and how programs reach it; CommandError when there is none."""
    client = connection.connect(env)
    return Surroundings(client, variables(env, client))


def variables(env: Environment, client: WorkspaceClient) -> Mapping[str, str]:
    """Return what the caller's variables say; for `local` without them the running workspace and our own provider."""
    if env.name != "local" or os.environ.get("DATABRICKS_HOST"):
        return toolchain.with_tools(os.environ)
    config = client.config
    return toolchain.environment(toolchain.local_provider(), config.host or "", config.token or "")
