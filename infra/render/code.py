"""What runs, by content, a changed file being a changed resource: folders, notebooks, library modules, dbt, SQL."""

from __future__ import annotations

import base64
from typing import TypeAlias

from cdktf_cdktf_provider_databricks.directory import Directory
from cdktf_cdktf_provider_databricks.notebook import Notebook as NotebookResource
from cdktf_cdktf_provider_databricks.workspace_file import WorkspaceFile as WorkspaceFileResource
from constructs import Construct

from infra.environments import Environment
from infra.render.naming import construct_id, named
from infra.workspace_files import Notebook, WorkspaceFile

Folder: TypeAlias = Directory


def render_root(scope: Construct, env: Environment) -> Folder:
    """Declare the environment's root folder.

    Deleting one deletes what is in it: folders that imports made on the way are no resources of their own.
    """
    root = Directory(scope, construct_id("directory", "root"), path=env.workspace_root, delete_recursive=True)
    return named(root, "root")


def render_room(scope: Construct, name: str, root: Folder, env: Environment) -> Folder:
    """Declare one folder of the root; it exists after the root and goes before it."""
    room = Directory(
        scope,
        construct_id("directory", name),
        path=f"{env.workspace_root}/{name}",
        delete_recursive=True,
        depends_on=[root],
    )
    return named(room, name)


def render_notebook(scope: Construct, notebook: Notebook, folder: Folder, env: Environment) -> NotebookResource:
    """Declare one notebook in a folder that exists before it and goes after it."""
    key = str(notebook.path.relative_to(notebook.room))
    resource = NotebookResource(
        scope,
        construct_id("notebook", key),
        path=f"{env.workspace_root}/{notebook.path}",
        language=notebook.language,
        content_base64=base64.b64encode(notebook.content).decode(),
        depends_on=[folder],
    )
    return named(resource, key)


def render_workspace_file(
    scope: Construct, file: WorkspaceFile, folder: Folder, env: Environment
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
