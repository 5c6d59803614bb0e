"""Workspace files, by content: library modules, the dbt project, SQL."""

from __future__ import annotations

import base64

from cdktf_cdktf_provider_databricks.directory import Directory
from cdktf_cdktf_provider_databricks.workspace_file import WorkspaceFile as WorkspaceFileResource
from constructs import Construct

from infra.environments import Environment
from infra.render.naming import construct_id, named
from infra.workspace_files import WorkspaceFile


def render_workspace_file(
    scope: Construct, file: WorkspaceFile, folder: Directory, env: Environment
) -> WorkspaceFileResource:
    """Declare one file in a folder that exists before it and goes after it."""
    key = str(file.path)
    resource = WorkspaceFileResource(
        scope,
        construct_id("workspace_file", key),
        path=f"{env.workspace_root}/{file.path}",
        content_base64=base64.b64encode(file.content).decode(),
        depends_on=[folder],
    )
    return named(resource, key)
