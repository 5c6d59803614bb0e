"""`ecom jobs list`: the platform's jobs, how the last run went, when the next one starts, who paused what."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime

from rich.table import Table
from rich.text import Text

from scripts.errors import CommandError
from scripts.jobs import pauses
from scripts.jobs.pauses import Pause
from scripts.jobs.watch import STYLES
from scripts.session import Session, asking
from scripts.status import jobs
from scripts.status.jobs import JobLine
from scripts.words import moment, span, word_tone


def show(session: Session) -> int:
    """Print a line per job of the repository, deployed or not."""
    now = pauses.now()
    with asking(session.client), session.err.status(f"asking {session.env.name} …"):
        lines = jobs.read(session.client, session.env, now)
        try:
            known = {each.job: each for each in pauses.read(session.client, session.env)}
        except ValueError as error:
            raise CommandError(f"{error}; remove the file, or pause the job again.") from error
    if session.as_json:
        shown = [{**asdict(line), "pause": asdict(known[line.name]) if line.name in known else None} for line in lines]
        session.answer({"environment": session.env.name, "jobs": shown})
    else:
        session.out.print(table(lines, known, now))
    return 0


def table(lines: Sequence[JobLine], known: Mapping[str, Pause], now: datetime) -> Table:
    """Return the jobs as a table; a pause that should have ended is red."""
    shown = Table(box=None, pad_edge=False)
    for title in ("job", "last run", "state", "took", "next run", "paused"):
        shown.add_column(title, justify="right" if title == "took" else "left", overflow="fold")
    for line in lines:
        pause = known.get(line.name)
        shown.add_row(
            line.name,
            f"{moment(line.started):%Y-%m-%d %H:%M}" if line.started else "",
            Text(line.state.lower().replace("_", " "), style=STYLES[word_tone(line.state)]),
            span(line.seconds) if line.seconds is not None else "",
            f"{moment(line.next_run):%Y-%m-%d %H:%M}" if line.next_run[:1].isdigit() else line.next_run,
            _said(pause, now) if pause else "",
        )
    return shown


def _said(pause: Pause, now: datetime) -> Text:
    until = f"{moment(pause.until):%Y-%m-%d %H:%M}"
    if pause.expired(now):
        return Text(f"was to end {until}: ecom jobs unpause --due", style=STYLES["bad"])
    return Text(f"until {until} by {pause.who}: {pause.reason}", style=STYLES["warn"])
