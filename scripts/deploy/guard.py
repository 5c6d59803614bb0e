"""Who may deploy to a protected environment, and from what."""

from __future__ import annotations

import re

from databricks.sdk import WorkspaceClient
from databricks.sdk.errors.base import DatabricksError

from infra.environments import Environment
from scripts.connection import first_line
from scripts.errors import CommandError
from scripts.plans.commit import Commit

REFUSED = 3  # exit code: refused by policy

# The user name of a service principal is its application id; that of a person is an address.
_APPLICATION_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


def principal(client: WorkspaceClient) -> str:
    """Return the user name behind the token; CommandError when the workspace does not say."""
    try:
        return client.current_user.me().user_name or ""
    except (DatabricksError, OSError, ValueError) as error:
        raise CommandError(f"Workspace {client.config.host}: {first_line(error)}") from error


def refuse_uncommitted(env: Environment, now: Commit) -> None:
    """Refuse to deploy to a protected environment what no commit has."""
    if env.protected and now.dirty:
        raise CommandError(
            f"'{env.name}' is deployed from a commit only: the working tree has changes."
            " Commit or stash them (git status), then plan and review.",
            REFUSED,
        )


def refuse_person(env: Environment, user_name: str) -> None:
    """Refuse to deploy to a protected environment with a person's token: rights would be that person's."""
    if env.protected and not _APPLICATION_ID.fullmatch(user_name):
        raise CommandError(
            f"'{env.name}' is deployed by a service principal only, and this token is of {user_name or 'nobody'}:"
            " let CI deploy, or use a service principal's token.",
            REFUSED,
        )
