"""`ecom review`: plan folders in, a comment and a JSON each out."""

from __future__ import annotations

import json
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from scripts.console import say_json
from scripts.errors import CommandError
from scripts.review import prices
from scripts.review.document import document
from scripts.review.facts import facts, policy_results
from scripts.review.markdown import counts, markdown, marker, verdict
from scripts.review.prices import Prices
from scripts.review.review import Review, review

_TONES = {"none": "green", "low": "green", "medium": "yellow", "high": "bold red"}


def run(plans: Path, environments: Sequence[str], policies: Path | None, post: bool, as_json: bool) -> int:
    """Review the plans of a folder, write the files, print, and return 0, 2 or 3."""
    waiting = Console(stderr=True)
    known = prices.load()
    results = _read(policies) if policies else None
    reviews: dict[str, Review] = {}
    posted: dict[str, str] = {}
    for folder in _folders(plans, environments):
        with waiting.status(f"reviewing {folder.name} …"):
            reviews[folder.name], text = write(folder, known, results, str(policies))
            if post:
                posted[folder.name] = _post(text, marker(reviews[folder.name].facts.environment))
    _print(reviews, posted, as_json)
    return max(each.exit_code for each in reviews.values())


def write(folder: Path, known: Prices, results: Any, where: str) -> tuple[Review, str]:
    """Review one plan folder, write comment.md and review.json into it, and return the review and its comment."""
    told = facts(_read(folder / "facts.json"), str(folder / "facts.json"))
    mine = None if results is None else policy_results(_of_environment(results, told.environment), where)
    found = review(_read(folder / "plan.json"), told, known, mine)
    text = markdown(found)
    (folder / "comment.md").write_text(text, encoding="utf-8")
    (folder / "review.json").write_text(json.dumps(document(found), indent=2, ensure_ascii=False) + "\n")
    return found, text


def _folders(plans: Path, environments: Sequence[str]) -> list[Path]:
    if environments:
        for name in environments:
            if not (plans / name / "plan.json").is_file():
                file = plans / name / "plan.json"
                raise CommandError(f"--environment {name!r}: there is no {file}: ecom plan makes it.")
        return [plans / name for name in dict.fromkeys(environments)]
    found = sorted(file.parent for file in plans.glob("*/plan.json"))
    if not found:
        raise CommandError(f"--plans {plans}: no <environment>/plan.json in it: ecom plan makes them.")
    return found


def _read(file: Path) -> Any:
    try:
        return json.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise CommandError(f"{file}: {error.strerror}.") from error
    except ValueError as error:
        raise CommandError(f"{file} is not JSON: {error}.") from error


def _of_environment(results: Any, environment: str) -> Any:
    """Return the results of one environment: those that name another one are not about this plan."""
    if not isinstance(results, list):
        return results
    return [each for each in results if not isinstance(each, dict) or each.get("environment") in (None, environment)]


def _post(text: str, mark: str) -> str:
    # Only who posts needs what talks to GitHub.
    return str(import_module("scripts.github.comments").post_comment(text, mark))


def _print(reviews: dict[str, Review], posted: dict[str, str], as_json: bool) -> None:
    console = Console()
    if as_json:
        whole = {name: {**document(each), "posted": posted.get(name)} for name, each in reviews.items()}
        say_json(console, {"reviews": whole})
        return
    table = Table(box=None, header_style="dim")
    for head in ("environment", "verdict", "changes", "risk", "cost a month", "comment"):
        table.add_column(head, justify="right" if head == "cost a month" else "left", overflow="fold")
    for name, each in reviews.items():
        risk = Text(each.risk.level, style=_TONES[each.risk.level])
        money = f"${each.cost_before.expected:,.2f} → ${each.cost_after.expected:,.2f}"
        table.add_row(name, verdict(each), counts(each) or "none", risk, money, posted.get(name, f"{name}/comment.md"))
    console.print(table, highlight=False)
