"""Notebooks, by content: a changed file is a changed resource."""

from __future__ import annotations

import base64

from cdktf_cdktf_provider_databricks.directory import Directory
from cdktf_cdktf_provider_databricks.notebook import Notebook as NotebookResource
from constructs import Construct

from infra.environments import Environment
from infra.render.naming import construct_id, named
from infra.workspace_files import Notebook


def render_notebook(scope: Construct, notebook: Notebook, folder: Directory, env: Environment) -> NotebookResource:
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
