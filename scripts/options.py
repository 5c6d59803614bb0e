"""Options and arguments that several commands of `ecom` take, and what the shell offers for them.

What is offered is read where the commands find it; nothing is asked of a workspace while somebody types.
"""

from __future__ import annotations

from typing import Annotated

import typer

from scripts.toolchain import ROOT


def environments() -> list[str]:
    """Return the names of the environments."""
    from infra.environments import ENVIRONMENTS

    return list(ENVIRONMENTS)


def jobs() -> list[str]:
    """Return the names of the jobs."""
    from infra.jobs import discover

    return list(discover())


def alerts() -> list[str]:
    """Return the names of the alerts."""
    return _stems("sql/alerts")


def dashboards() -> list[str]:
    """Return the names of the dashboards."""
    return _stems("sql/dashboards")


def _stems(folder: str) -> list[str]:
    from infra.documents import files

    return [file.stem for file in files(ROOT / folder)]


AsJson = Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")]
EnvironmentName = Annotated[str, typer.Option(help="local, dev, staging or prod.", autocompletion=environments)]
JobName = Annotated[str, typer.Argument(help="Name of a job, such as master_pipeline.", autocompletion=jobs)]
RunOrJob = Annotated[str, typer.Argument(help="Id of a run, or name of a job for its last run.", autocompletion=jobs)]
AlertNames = Annotated[
    list[str] | None, typer.Argument(help="Files in sql/alerts; all of them unless told.", autocompletion=alerts)
]
DashboardNames = Annotated[
    list[str] | None,
    typer.Argument(help="Files in sql/dashboards; all of them unless told.", autocompletion=dashboards),
]
