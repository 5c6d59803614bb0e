"""What runs: folders, notebooks, library, dbt project, SQL, jobs."""

from __future__ import annotations

from collections.abc import Mapping
from graphlib import TopologicalSorter

from infra.compute import job_cluster
from infra.environments import Environment
from infra.jobs.spec import JobSpec, NotebookTask, SpecError
from infra.parts.foundation import Foundation
from infra.platform import Platform
from infra.render.access import render_permissions
from infra.render.code import Folder, render_notebook, render_room, render_root, render_workspace_file
from infra.render.job import JobSurroundings, render_job
from infra.render.scope import Scope
from infra.workspace_files import Notebook

_ROOMS = ("notebooks", "dbt", "sql")


def build_pipeline(scope: Scope, env: Environment, platform: Platform, foundation: Foundation) -> Folder:
    """Declare code and jobs; return the root folder."""
    root = render_root(scope, env)
    render_permissions(scope, "folder", "root", root.path, env)
    _build_code(scope, env, platform, root)
    _build_jobs(scope, env, platform, foundation)
    return root


def _build_code(scope: Scope, env: Environment, platform: Platform, root: Folder) -> None:
    folders = {}
    for room in _ROOMS:
        folders[room] = render_room(scope, room, root, env)
        render_permissions(scope, "folder", room, folders[room].path, env)
    for notebook in platform.notebooks:
        render_notebook(scope, notebook, folders[notebook.room], env)
    for file in platform.files:
        render_workspace_file(scope, file, folders[file.room], env)


def _build_jobs(scope: Scope, env: Environment, platform: Platform, foundation: Foundation) -> None:
    _check_notebooks(platform.jobs, platform.notebooks)
    cluster = job_cluster(env)
    job_ids: dict[str, str] = {}
    children_first = TopologicalSorter({key: job.children for key, job in platform.jobs.items()}).static_order()
    for key in children_first:
        around = JobSurroundings(
            cluster=cluster,
            policy_id=foundation.policy_ids[cluster.policy],
            warehouse_id=foundation.warehouse_id,
            job_ids=job_ids,
            dbt_variables=platform.dbt_variables,
        )
        job_ids[key] = render_job(scope, platform.jobs[key], env, around).id
        render_permissions(scope, "job", key, job_ids[key], env)


def _check_notebooks(jobs: Mapping[str, JobSpec], notebooks: list[Notebook]) -> None:
    deployed = {str(notebook.path.relative_to(notebook.room)) for notebook in notebooks}
    for job in jobs.values():
        for task in job.tasks:
            if isinstance(task, NotebookTask) and task.notebook not in deployed:
                raise SpecError(
                    f"infra/jobs/{job.key}.py: task '{task.key}': notebook: there is no notebooks/{task.notebook}.py"
                )
