"""`ecom dashboards render`: from the names to the files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

from databricks.sdk import WorkspaceClient
from databricks.sdk.errors.base import DatabricksError
from databricks.sdk.service.dashboards import Dashboard
from rich.console import Console

from infra.documents import DocumentError, files, read
from infra.environments import Environment
from scripts import connection
from scripts.answers import Answer, ask_all
from scripts.console import say
from scripts.dashboards import definition
from scripts.dashboards.content import Content, Words, content
from scripts.dashboards.definition import Board, Tile
from scripts.errors import CommandError
from scripts.toolchain import ROOT


@dataclass(frozen=True)
class Rendered:
    """The files of one dashboard, and what could not be shown in them: one sentence per tile."""

    html: str
    svg: str
    png: bytes
    problems: Sequence[str]


def render(names: Sequence[str], folder: Path, environment: str, console: Console) -> None:
    """Write `<name>.html`, `.svg` and `.png` of each dashboard; CommandError, after all that could be written."""
    env = connection.environment(environment)
    titles = known(names)
    client = connection.connect(env)
    warehouse = connection.warehouse_id(client, env)
    problems: list[str] = []
    for name, title in titles.items():
        try:
            with console.status(f"drawing {name} …"):
                dashboard = deployed(client, env, title)
                drawn = draw(client, warehouse, env, dashboard)
            _write(folder, name, drawn)
            say(console, "  ".join(f"{folder / name}.{kind}" for kind in ("html", "svg", "png")))
            problems += [f"{name}: {problem}" for problem in drawn.problems]
        except CommandError as error:
            problems.append(f"{name}: {error}")
    if problems:
        raise CommandError("; ".join(problems))


def known(names: Sequence[str], folder: Path = ROOT / "sql" / "dashboards") -> dict[str, str]:
    """Return the titles of the repository's dashboards by name: those asked for, or all."""
    try:
        titles = {file.stem: str(read(file, ("title", "tile"))["title"]) for file in files(folder)}
    except DocumentError as error:
        raise CommandError(str(error)) from error
    if unknown := [name for name in names if name not in titles]:
        raise CommandError(f"Dashboard {unknown[0]!r}: expected {', '.join(titles)}.")
    return {name: titles[name] for name in names or titles}


def deployed(client: WorkspaceClient, env: Environment, title: str) -> Dashboard:
    """Return the one dashboard of this title that the environment has in its workspace, definition included."""
    name = env.display_name(title)
    try:
        found = [each.dashboard_id for each in client.lakeview.list() if each.display_name == name]
        if len(found) != 1 or found[0] is None:
            raise CommandError(f"the workspace has {len(found) or 'no'} dashboards named {name!r}, expected one")
        return client.lakeview.get(found[0])
    except (DatabricksError, OSError) as error:
        raise CommandError(connection.first_line(error)) from error


def draw(client: WorkspaceClient, warehouse: str, env: Environment, dashboard: Dashboard) -> Rendered:
    """Ask what a dashboard shows and draw it; a tile that cannot be asked says so and is among the problems."""
    board = definition.read(dashboard.display_name or "", dashboard.serialized_dashboard or "{}")
    answers = ask_all(client, warehouse, board.statements(), lambda _: None)
    link = page_url(client.config.host or "", dashboard.dashboard_id or "")
    return compose(board, answers, env.name, datetime.now(UTC), link)


def compose(board: Board, answers: dict[str, Answer], environment: str, at: datetime, link: str) -> Rendered:
    """Return the files of a dashboard from the answers to its statements."""
    from scripts.dashboards import html, picture  # Altair takes a second to import: after what can be refused

    contents: dict[Tile, Content] = {tile: content(tile, answers[tile.statement]) for tile in board.tiles}
    failed = {tile.title: shown.text for tile, shown in contents.items() if isinstance(shown, Words) and shown.failed}
    drawn = picture.svg(board, contents, environment, at, link)
    return Rendered(
        html=html.page(board, contents, environment, at, link),
        svg=drawn,
        png=picture.png(drawn),
        problems=[f"tile '{title}': {problem}" for title, problem in failed.items()],
    )


def page_url(host: str, dashboard_id: str) -> str:
    """Return where people open a dashboard: the local workspace has its own pages, on loopback."""
    here = urlsplit(host).hostname in {"127.0.0.1", "localhost"}
    return f"{host.rstrip('/')}/{'dashboards' if here else 'sql/dashboardsv3'}/{dashboard_id}"


def _write(folder: Path, name: str, drawn: Rendered) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{name}.html").write_text(drawn.html, encoding="utf-8")
        (folder / f"{name}.svg").write_text(drawn.svg, encoding="utf-8")
        (folder / f"{name}.png").write_bytes(drawn.png)
    except OSError as error:
        raise CommandError(f"cannot be written: {error}") from error
