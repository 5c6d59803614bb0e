"""`ecom jobs …`: arguments in, exit code out; what happens is in the modules beside."""

from __future__ import annotations

from typing import Annotated

import typer

from scripts.options import AsJson, EnvironmentName, JobName, RunOrJob, jobs

app = typer.Typer(no_args_is_help=True, help="Jobs of a deployed environment, by name.")

DryRun = Annotated[bool, typer.Option(help="Say what would be done, and do nothing.")]


@app.command()
def run(
    job: JobName,
    param: Annotated[list[str] | None, typer.Option(help="Job parameter as name=value; may be repeated.")] = None,
    idempotency_token: Annotated[str | None, typer.Option(help="The same token starts one run only.")] = None,
    wait: Annotated[bool, typer.Option(help="Follow the run to its end.")] = True,
    environment: EnvironmentName = "local",
    as_json: AsJson = False,
    dry_run: DryRun = False,
) -> None:
    """Start a job and follow it, children included; Ctrl-C leaves it going. Exit code 1 when it fails."""
    from scripts.jobs import running
    from scripts.session import begin

    session = begin(environment, as_json)
    _exit(running.run(session, job, param or [], idempotency_token, wait, dry_run))


@app.command()
def wait(run: RunOrJob, environment: EnvironmentName = "local", as_json: AsJson = False) -> None:
    """Follow a run that goes on, as `run` does."""
    from scripts.jobs import running
    from scripts.session import begin

    _exit(running.wait(begin(environment, as_json), run))


@app.command()
def logs(
    run: RunOrJob,
    task: Annotated[str | None, typer.Option(help="Key or path of one task, such as bronze/mount_storage.")] = None,
    environment: EnvironmentName = "local",
    as_json: AsJson = False,
) -> None:
    """Print what tasks left behind: result, output, error and trace of their latest attempts."""
    from scripts.jobs import logs as command
    from scripts.session import begin

    _exit(command.logs(begin(environment, as_json), run, task))


@app.command()
def repair(
    run: RunOrJob,
    whole: Annotated[bool, typer.Option(help="Run failed child jobs from their start.")] = False,
    environment: EnvironmentName = "local",
    as_json: AsJson = False,
    dry_run: DryRun = False,
) -> None:
    """Run again only what failed, wherever it sits: failed tasks of child runs first, then what they held up."""
    from scripts.jobs import repair as command
    from scripts.session import begin

    _exit(command.repair(begin(environment, as_json), run, whole, dry_run))


@app.command()
def cancel(
    run: Annotated[
        str, typer.Argument(help="Id of a run, or name of a job for all its active runs.", autocompletion=jobs)
    ],
    environment: EnvironmentName = "local",
    as_json: AsJson = False,
    dry_run: DryRun = False,
) -> None:
    """Cancel runs with all below them, and wait until they have ended."""
    from scripts.jobs import running
    from scripts.session import begin

    _exit(running.cancel(begin(environment, as_json), run, dry_run))


@app.command()
def pause(
    job: JobName,
    until: Annotated[str, typer.Option(help="When it may run again, such as 2026-12-01T06:00Z.")],
    reason: Annotated[str, typer.Option(help="Why it must not run; drift shows it.")],
    environment: EnvironmentName = "local",
    as_json: AsJson = False,
    dry_run: DryRun = False,
) -> None:
    """Stop a job's clock until a moment; who, why and until when are kept in the workspace."""
    from scripts.jobs import pausing
    from scripts.session import begin

    _exit(pausing.pause(begin(environment, as_json), job, until, reason, dry_run))


@app.command()
def unpause(
    job: Annotated[str | None, typer.Argument(help="Name of a job.", autocompletion=jobs)] = None,
    due: Annotated[bool, typer.Option("--due", help="Every job whose pause has come to its end.")] = False,
    environment: EnvironmentName = "local",
    as_json: AsJson = False,
    dry_run: DryRun = False,
) -> None:
    """Let a job run by the clock again."""
    from scripts.errors import CommandError
    from scripts.jobs import pausing
    from scripts.session import begin

    if due == (job is not None):
        raise CommandError("ecom jobs unpause: expected the name of a job, or --due, not both.")
    session = begin(environment, as_json)
    _exit(pausing.unpause(session, job, dry_run) if job else pausing.unpause_due(session, dry_run))


@app.command()
def backfill(
    job: JobName,
    first: Annotated[str, typer.Option("--from", help="First day, as YYYY-MM-DD.")],
    last: Annotated[str, typer.Option("--to", help="Last day, as YYYY-MM-DD; included.")],
    step: Annotated[int, typer.Option(min=1, help="Days per run.")] = 1,
    parallel: Annotated[int, typer.Option(min=1, help="Runs at once.")] = 1,
    param_from: Annotated[str, typer.Option(help="Job parameter that takes the first day of a window.")] = "first_day",
    param_to: Annotated[str, typer.Option(help="Job parameter that takes the last day of a window.")] = "last_day",
    again: Annotated[str, typer.Option(help="Any word: days done under another one are done anew.")] = "",
    keep_going: Annotated[bool, typer.Option(help="Go on behind a window that failed.")] = False,
    environment: EnvironmentName = "local",
    as_json: AsJson = False,
    dry_run: DryRun = False,
) -> None:
    """Run a job once per window of days; the same command again continues where it was."""
    from scripts.jobs import backfill as command
    from scripts.jobs.windows import day, windows
    from scripts.session import begin

    days = windows(day("--from", first), day("--to", last), step)
    order = command.Order(param_from, param_to, parallel, again, keep_going)
    _exit(command.backfill(begin(environment, as_json), job, days, order, dry_run))


@app.command("list")
def list_jobs(environment: EnvironmentName = "local", as_json: AsJson = False) -> None:
    """List the platform's jobs: last run, next run, who paused what."""
    from scripts.jobs import listing
    from scripts.session import begin

    _exit(listing.show(begin(environment, as_json)))


def _exit(code: int) -> None:
    if code:
        raise typer.Exit(code)
