"""Which jobs are paused by an operator, why and until when: one small file per job, in the workspace itself.

They are no tags of the job: tags are declared, and one set by hand would be drift. They are one file per job, so that
two operators who pause two jobs at once do not overwrite each other. `ecom drift` reads them to tell a pause that
somebody answers for from one that nobody does.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import UTC, datetime

from databricks.sdk import WorkspaceClient
from databricks.sdk.errors import NotFound
from databricks.sdk.service.workspace import ImportFormat, ObjectType

from infra.environments import Environment
from scripts.words import moment

OPERATIONS = ".operations"  # below the environment's root: what operators note, declared by nobody
FOLDER = f"{OPERATIONS}/pauses"


@dataclass(frozen=True)
class Pause:
    """A pause of one job: `job` is the key of its spec, times are ISO in UTC."""

    job: str
    job_id: int
    reason: str
    who: str
    since: str
    until: str

    def expired(self, now: datetime) -> bool:
        """Whether its time has come: from then on the job should run by the clock again."""
        return moment(self.until) <= now


def read(client: WorkspaceClient, env: Environment) -> tuple[Pause, ...]:
    """Return the recorded pauses in order of job; raises what the SDK raises, ValueError for a file that is none."""
    try:
        files = [
            entry.path or "" for entry in client.workspace.list(_folder(env)) if entry.object_type is ObjectType.FILE
        ]
    except NotFound:
        return ()
    found = (_read(client, path) for path in sorted(files))
    return tuple(pause for pause in found if pause is not None)


def record(client: WorkspaceClient, env: Environment, pause: Pause) -> None:
    """Keep a pause, in place of an older one of the same job."""
    client.workspace.mkdirs(_folder(env))
    text = json.dumps(asdict(pause), indent=2) + "\n"
    client.workspace.upload(_path(env, pause.job), text.encode(), format=ImportFormat.RAW, overwrite=True)


def forget(client: WorkspaceClient, env: Environment, job: str) -> None:
    """Remove the pause of a job, if there is one."""
    try:
        client.workspace.delete(_path(env, job))
    except NotFound:
        return  # somebody else was faster


def now() -> datetime:
    """Return the time in UTC."""
    return datetime.now(UTC)


def _read(client: WorkspaceClient, path: str) -> Pause | None:
    try:
        with client.workspace.download(path) as file:
            text = file.read()
    except NotFound:
        return None  # ended between the listing and now
    try:
        return Pause(**json.loads(text))
    except (TypeError, ValueError) as error:
        raise ValueError(f"{path}: is not a pause: {error}") from error


def _folder(env: Environment) -> str:
    return f"{env.workspace_root}/{FOLDER}"


def _path(env: Environment, job: str) -> str:
    return f"{_folder(env)}/{job}.json"
