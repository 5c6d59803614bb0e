"""`ecom alerts check` from the deployed warehouse to the exit code."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict

from rich.console import Console
from rich.table import Table
from rich.text import Text

from infra.alerts import AlertSpec
from scripts import connection
from scripts.alerts import check
from scripts.alerts.check import Verdict
from scripts.answers import ask_all
from scripts.console import say_json
from scripts.errors import CommandError

_STYLES = {check.OK: "green", check.TRIGGERED: "bold red", check.ERROR: "bold yellow"}
_ORDER = (check.ERROR, check.TRIGGERED, check.OK)


def run(environment: str, names: Sequence[str], as_json: bool) -> int:
    """Judge alerts of an environment now, say it and return the exit code; CommandError for an unknown alert."""
    env = connection.environment(environment)
    specs = chosen(check.load(), names)
    client = connection.connect(env)
    warehouse = connection.warehouse_id(client, env)
    with Console(stderr=True).status(f"asking {env.name} …") as status:
        answered: list[str] = []

        def told(name: str) -> None:
            answered.append(name)
            status.update(f"asking {env.name}: {len(answered)} of {len(specs)} answered …")

        answers = ask_all(client, warehouse, {key: check.statement(spec, env) for key, spec in specs.items()}, told)
    verdicts = {key: check.judge(spec, answers[key]) for key, spec in specs.items()}
    console = Console()
    if as_json:
        say_json(console, {"environment": env.name, "alerts": [asdict(each) for each in verdicts.values()]})
    else:
        console.print(table(verdicts.values()))
    return check.exit_code(verdicts)


def chosen(specs: dict[str, AlertSpec], names: Sequence[str]) -> dict[str, AlertSpec]:
    """Return the alerts of these names, all of them unless told; CommandError with the known ones for another."""
    for name in names:
        if name not in specs:
            raise CommandError(f"Alert {name!r}: expected one of {', '.join(specs)}.")
    return {name: specs[name] for name in names} if names else specs


def table(verdicts: Iterable[Verdict]) -> Table:
    """Return alerts as a table, what needs a look first."""
    shown = Table(box=None, header_style="dim")
    for head, side in (("state", "left"), ("severity", "left"), ("alert", "left"), ("value", "right")):
        shown.add_column(head, justify="right" if side == "right" else "left")
    shown.add_column("triggers", justify="right")
    shown.add_column("what to do", overflow="fold")
    for each in sorted(verdicts, key=lambda verdict: (_ORDER.index(verdict.state), verdict.key)):
        value = "none" if each.value is None else f"{each.value:g}"
        then = each.problem or ("" if each.state == check.OK else each.runbook)
        shown.add_row(
            Text(each.state, style=_STYLES[each.state]),
            each.severity,
            Text(each.title),
            value,
            f"{each.operator} {each.limit:g}",
            Text(then),
        )
    return shown
