"""Folders of the workspace."""

from __future__ import annotations

from cdktf_cdktf_provider_databricks.directory import Directory
from constructs import Construct

from infra.environments import Environment
from infra.render.naming import construct_id, named


def render_root(scope: Construct, env: Environment) -> Directory:
    """Declare the environment's root folder.

    Deleting one deletes what is in it: folders that imports made on the way are no resources of their own.
    """
    root = Directory(scope, construct_id("directory", "root"), path=env.workspace_root, delete_recursive=True)
    return named(root, "root")


def render_room(scope: Construct, name: str, root: Directory, env: Environment) -> Directory:
    """Declare one folder of the root; it exists after the root and goes before it."""
    room = Directory(
        scope,
        construct_id("directory", name),
        path=f"{env.workspace_root}/{name}",
        delete_recursive=True,
        depends_on=[root],
    )
    return named(room, name)
