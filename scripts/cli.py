"""`ecom`: the operator's commands."""

from __future__ import annotations

import datetime as dt
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from scripts import workspaces
from scripts.console import say
from scripts.errors import CommandError
from scripts.jobs.cli import app as jobs
from scripts.options import AlertNames, DashboardNames, EnvironmentName
from scripts.options import environments as known_environments
from scripts.secrets.cli import app as secrets

app = typer.Typer(no_args_is_help=True, add_completion=True, pretty_exceptions_enable=False, help=__doc__)
data = typer.Typer(no_args_is_help=True, help="Landing files: generated trade, or real days.")
app.add_typer(data, name="data")
dashboards = typer.Typer(no_args_is_help=True, help="Dashboards of a deployed environment.")
app.add_typer(dashboards, name="dashboards")
alerts = typer.Typer(no_args_is_help=True, help="Alerts of a deployed environment.")
app.add_typer(alerts, name="alerts")
app.add_typer(jobs, name="jobs")
app.add_typer(secrets, name="secrets")
export = typer.Typer(no_args_is_help=True, help="The platform as files for other tools.")
app.add_typer(export, name="export")

PLANS = Path(".local/plans")


@app.command()
def demo(
    folder: Annotated[
        Path | None, typer.Option("--data", help="Folder of real days instead of generated trade.")
    ] = None,
    port: Annotated[int, typer.Option(help="Port of the local workspace, when it has to be started.")] = 8765,
    provider: Annotated[str, typer.Option(help="auto, official or local.")] = "auto",
) -> None:
    """Deploy the platform into the local workspace, run master once and say what was built."""
    from scripts.demo import demo as steps
    from scripts.demo import summary

    if provider not in {"auto", "official", "local"}:
        raise CommandError(f"--provider {provider!r}: expected auto, official or local.")
    console = Console()
    result = steps.run_demo(folder, port, provider, console)
    summary.save(result)
    summary.show(result, console)
    _show_link(console)


@app.command()
def pages() -> None:
    """Print a link that opens the pages of the local workspace in a browser, once."""
    _show_link(Console())


@app.command()
def stop() -> None:
    """Stop the local workspace that the demo left running."""
    Console().print("The workspace is stopped." if workspaces.stop() else "No workspace of this checkout is running.")


@app.command()
def reset() -> None:
    """Stop the local workspace and remove it with everything in it, so that the next demo begins anew."""
    workspaces.reset()
    Console().print("The local workspace is gone; make demo makes a new one.")


@app.command()
def status(
    environment: EnvironmentName = "local",
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object with everything.")] = False,
    watch: Annotated[bool, typer.Option(help="Look again after each interval, until Ctrl-C.")] = False,
    interval: Annotated[int, typer.Option(min=5, help="Seconds between two looks.")] = 60,
) -> None:
    """Say what is wrong and since when: exit code 0 when healthy, 2 when not, 1 when that could not be asked."""
    from scripts.status import command

    if code := command.run(environment, as_json, watch, interval):
        raise typer.Exit(code)


@alerts.command()
def check(
    names: AlertNames = None,
    environment: EnvironmentName = "local",
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object with everything.")] = False,
) -> None:
    """Judge alerts now, whatever their schedules: exit code 0 when all are quiet, 2 when one triggers, else 1."""
    from scripts.alerts import command

    if code := command.run(environment, names or [], as_json):
        raise typer.Exit(code)


@app.command()
def plan(
    environment: EnvironmentName,
    to: Annotated[Path, typer.Option(help="Folder of plans; the plan goes into a folder of its own there.")] = PLANS,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object: the facts, and counts of changes.")] = False,
) -> None:
    """Say what a deploy would do, and keep it for review: exit code 0 without changes, 2 with, 1 when it fails."""
    from scripts.plans import command

    if code := command.run(environment, to, as_json):
        raise typer.Exit(code)


@app.command()
def deploy(
    environment: EnvironmentName,
    plans: Annotated[Path, typer.Option(help="Folder of plans: that of the environment has been reviewed.")] = PLANS,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check everything, apply nothing.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="The deploy record as one JSON object.")] = False,
) -> None:
    """Deploy what was reviewed and nothing else: exit code 4 when it is not the same any more, 3 when not allowed."""
    from scripts.deploy import command

    command.run(environment, plans, dry_run, as_json)


@app.command()
def review(
    plans: Annotated[Path, typer.Option(help="Folder that ecom plan wrote: <environment>/plan.json and facts.json.")],
    environment: Annotated[
        list[str] | None, typer.Option(help="One of them; all unless told.", autocompletion=known_environments)
    ] = None,
    policies: Annotated[Path | None, typer.Option(help="JSON results of the policies.")] = None,
    post: Annotated[bool, typer.Option(help="Put each comment on the pull request.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object with everything.")] = False,
) -> None:
    """Write what a plan changes, risks and costs as a comment: exit code 0 no changes, 2 changes, 3 policy failed."""
    from scripts.review import command

    if code := command.run(plans, environment or [], policies, post, as_json):
        raise typer.Exit(code)


@app.command()
def policy(
    environments: Annotated[
        list[str] | None,
        typer.Option(
            "--environment", help="Repeat for more; all of them unless told.", autocompletion=known_environments
        ),
    ] = None,
    plans: Annotated[
        Path | None, typer.Option(help="Folder of <environment>/plan.json; without it new ones are planned offline.")
    ] = None,
    sarif: Annotated[Path | None, typer.Option(help="File for SARIF 2.1.0.")] = None,
    junit: Annotated[Path | None, typer.Option(help="File for JUnit XML.")] = None,
    to: Annotated[
        Path | None, typer.Option(help="File for the verdicts as JSON, as the plan review reads them.")
    ] = None,
) -> None:
    """Check plans against infra/policies: exit code 0 when all pass or are waived, 3 when not, 1 on an error."""
    from scripts.policy import command

    if code := command.run(environments or [], plans, command.Outputs(to, sarif, junit), Console()):
        raise typer.Exit(code)


@app.command("import")
def import_(
    objects: Annotated[
        list[str] | None, typer.Argument(help="kind:name with kind job, alert, dashboard; all unless told.")
    ] = None,
    environment: EnvironmentName = "local",
    output: Annotated[Path, typer.Option(help="Folder of synthesized stacks.")] = Path("cdktf.out"),
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")] = False,
    dry_run: Annotated[bool, typer.Option(help="Print the import blocks and write no file.")] = False,
) -> None:
    """Take jobs, alerts and dashboards that exist already into the stack: import blocks beside it, by name."""
    from scripts import session
    from scripts.imports import command

    command.run(session.begin(environment, as_json), objects or [], output, dry_run)


@app.command()
def docs(
    check: Annotated[bool, typer.Option(help="Write nothing; exit code 2 when a section is stale.")] = False,
    dry_run: Annotated[bool, typer.Option(help="Write nothing; say what would be.")] = False,
    week: Annotated[str | None, typer.Option(help="A day of the week whose next runs are shown, YYYY-MM-DD.")] = None,
    bench: Annotated[Path | None, typer.Option(help="Take figures from this report of make bench first.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object with what is stale.")] = False,
) -> None:
    """Generate the tables and pictures of the documentation from the code."""
    from scripts.docs import command

    if bench is not None:
        command.take(bench, check, dry_run)
    if code := command.run(check, dry_run, week, as_json, Console()):
        raise typer.Exit(code)


@app.command()
def drift(
    environment: EnvironmentName = "local",
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object with everything.")] = False,
    markdown: Annotated[Path | None, typer.Option(help="Write the report into this file as well.")] = None,
    issue: Annotated[
        bool, typer.Option("--issue", help="Open, update or close the environment's GitHub issue.")
    ] = False,
    stack: Annotated[
        Path | None, typer.Option(help="An already synthesized stack folder; synthesized anew unless told.")
    ] = None,
) -> None:
    """Compare what is declared with what the workspace holds: exit code 0 the same, 2 drift, 1 could not tell."""
    from scripts.drift import command

    if code := command.run(environment, command.Options(as_json, markdown, issue, stack)):
        raise typer.Exit(code)


@dashboards.command()
def render(
    to: Annotated[Path, typer.Option(help="Folder for the files.")],
    names: DashboardNames = None,
    environment: EnvironmentName = "local",
) -> None:
    """Draw deployed dashboards with what they show now: as HTML, SVG and PNG each."""
    from scripts.dashboards import command

    command.render(names or [], to, environment, Console())


@export.command()
def terraform(
    to: Annotated[Path, typer.Option(help="New or empty folder for the files.")],
    environment: EnvironmentName = "local",
) -> None:
    """Write what CDKTF declares as plain Terraform JSON that plans no change against the same state."""
    from scripts.export import command

    command.run(environment, to, Console())


@data.command()
def generate(
    to: Annotated[Path, typer.Option(help="Folder for the landing files.")],
    days: Annotated[int, typer.Option(min=1, help="Trading days.")] = 60,
    end: Annotated[str, typer.Option(help="Last day, as YYYY-MM-DD.")] = "2026-06-30",
    customers: Annotated[int, typer.Option(min=1, help="Customers known on the first day.")] = 800,
    seed: Annotated[int, typer.Option(help="The same seed gives the same bytes.")] = 7,
) -> None:
    """Write deterministic trade with a truth file beside it."""
    from scripts.data import generator

    try:
        last = dt.date.fromisoformat(end)
    except ValueError as error:
        raise CommandError(f"--end {end!r}: expected a day as YYYY-MM-DD.") from error
    say(Console(), str(generator.generate(to, seed=seed, end=last, days=days, customers=customers)))


@data.command()
def load(
    source: Annotated[Path, typer.Argument(help="Folder of Online Retail days, one CSV per day.")],
    to: Annotated[Path, typer.Option(help="Folder for the landing files.")] = Path(".local/landing"),
) -> None:
    """Turn real Online Retail days into landing files of the five sources."""
    from scripts.data import loader

    say(Console(), str(loader.load(source, to)))


def _show_link(console: Console) -> None:
    text = f"pages        {workspaces.page_link()}   (opens once, within five minutes; another: ecom pages)"
    say(console, text)


def main() -> None:
    """Run a command; what goes wrong is one line on stderr and a non-zero exit."""
    try:
        app(prog_name="ecom")  # as people type it, which is what completion goes by
    except CommandError as error:
        say(Console(stderr=True), f"error: {error}", "red")
        sys.exit(error.code)
