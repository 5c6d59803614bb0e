"""A review as one Markdown comment of at most 60,000 characters.

What is destroyed or replaced comes before everything that may be cut; then what is added, changed, and last the diffs.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from scripts.review import cost
from scripts.review.budget import by_type, fitting
from scripts.review.cost import Cost
from scripts.review.escaping import block, code, details, escaped
from scripts.review.facts import Facts
from scripts.review.families.generic import kind_word
from scripts.review.review import KINDS, Item, Review
from scripts.review.risk import LEVELS, RULES, Reason
from scripts.review.story import Diff

LIMIT = 60_000  # GitHub takes 65,536; the rest is room for what a caller puts around it
_IN_JSON = "in review.json"
_DIFF_LINES = 80  # of one diff; who wants more reads the pull request
_REASON_LINES = (5, 2, 1)  # of one reason, the most that leave the reasons below their room
_REASONS_ROOM = 9_000
_TABLE_ROWS, _TABLE_ROOM = 25, 5_000
_LEAST_ROOM = 1_500  # with less left a part is its count and nothing else
_HARD = ("destroyed", "replaced")


def marker(environment: str) -> str:
    """Return the hidden line by which the comment of an environment is found again."""
    return f"<!-- ecom plan {re.sub(r'[^A-Za-z0-9_.-]', '_', environment)} -->"


def markdown(review: Review) -> str:
    """Return the comment of a review."""
    head = [marker(review.facts.environment), _title(review), _facts(review)]
    if review.items or review.failures:
        head.append(_reasons(review))
    tail = [part for part in (_policies(review), _next_runs(review), _cost(review)) if part]
    room = LIMIT - sum(len(part) + 2 for part in [*head, *tail]) - 500
    middle: list[str] = []
    for part in (_hard, _added, _changed, _moved):
        text = part(review, room)
        room -= len(text) + 2
        middle.append(text)
    parts = [*head, *middle, *tail, _diffs(review.diffs, room)]
    return "\n\n".join(part for part in parts if part) + "\n"


def verdict(review: Review) -> str:
    """Return what a plan amounts to in a few words."""
    if review.failures:
        return f"refused by policy: {len(review.failures)} failed"
    return "no changes" if not review.items else counts(review)


def counts(review: Review) -> str:
    """Return how many things are destroyed, replaced, added, …; only those that there are."""
    return ", ".join(f"{number:,} {kind}" for kind, number in review.counts.items() if number)


def _title(review: Review) -> str:
    return f"## Plan for {escaped(review.facts.environment)}: {verdict(review)} · risk {review.risk.level}"


def _facts(review: Review) -> str:
    known = review.facts
    rows = [
        ("risk", review.risk.level + (f": {escaped(_short(review))}" if review.risk.reasons else "")),
        ("cost a month", _cost_line(review)),
        ("policies", _policy_line(review)),
        ("plan digest", escaped(known.digest)),
        ("commit", escaped(known.commit) + (", with uncommitted changes" if known.dirty else "")),
        ("state", _state(known)),
        ("planned", f"{known.planned_at:%Y-%m-%d %H:%M %Z} · Terraform {escaped(known.terraform)}"
                    f" · provider {escaped(known.provider)}"),
    ]  # fmt: skip
    return "\n".join(["| | |", "|---|---|", *(f"| {name} | {text} |" for name, text in rows)])


def _state(known: Facts) -> str:
    if known.serial is None:
        return "none yet: nothing is deployed"
    return f"serial {known.serial} of {escaped(known.lineage)}"


def _short(review: Review) -> str:
    texts = [reason.text for reason in review.risk.reasons if reason.level == review.risk.level]
    return "; ".join(texts)


def _reasons(review: Review) -> str:
    title = f"### Why the risk is {review.risk.level}"
    for most in _REASON_LINES:
        text = "\n".join([title, *(_reason(reason, most) for reason in review.risk.reasons)])
        if len(text) <= _REASONS_ROOM:
            break
    return text


def _reason(reason: Reason, most: int) -> str:
    shown = "; ".join(escaped(text, 160) for text in reason.lines[:most])
    rest = f"; and {len(reason.lines) - most:,} more" if len(reason.lines) > most else ""
    return f"- **{reason.level}** {escaped(reason.text)}: {shown}{rest}"


def _hard(review: Review, room: int) -> str:
    """Destroyed and replaced: every one with its words, else every address, else by type with counts."""
    items = sorted((item for item in review.items if item.change.kind in _HARD), key=_danger)
    if not items:
        return ""
    title = f"### Destroyed and replaced ({len(items):,})\n"
    for entries in ([_entry(item) for item in items], [_address(item) for item in items]):
        text = title + "\n".join(entries)
        if len(text) <= room:
            return text
    pairs = [(f"{item.change.type} {item.change.kind}", item.change.key) for item in items]
    return title + by_type(pairs, room - len(title), lambda text: code(text, 120), _IN_JSON)


def _danger(item: Item) -> tuple[int, int, str]:
    levels = [LEVELS.index(RULES[line.rule].level) for line in item.lines if line.rule]
    return -max(levels, default=0), KINDS.index(item.change.kind), item.change.address


def _entry(item: Item) -> str:
    lines = [line.text for line in item.lines]
    first = f"{_address(item)}: {escaped(lines[0])}" if lines else _address(item)
    return "\n".join([first, *(f"  - {escaped(text)}" for text in lines[1:])])


def _address(item: Item) -> str:
    return f"- {item.change.kind} {code(item.change.address)}"


def _added(review: Review, room: int) -> str:
    items = _of(review, "added")
    if not items or room < _LEAST_ROOM:
        return _only_count("Added", items)
    summary = f"Added ({len(items):,})"
    room -= len(details(summary, ""))
    text = "\n".join(map(_entry, items))
    return details(summary, text if len(text) <= room else _names(items, room))


def _changed(review: Review, room: int) -> str:
    items = _of(review, "changed")
    if not items or room < _LEAST_ROOM:
        return _only_count("Changed", items)
    summary = f"Changed ({len(items):,}){_tally(items)}"
    room -= len(details(summary, ""))
    entries = list(map(_entry, items))
    if sum(map(len, entries)) + len(entries) <= room:
        return details(summary, "\n".join(entries))
    # The fields of the last ones go first; the most telling ones stand in front, and the names stay as they fit.
    names = _names(items, min(room // 3, 8_000))
    full = fitting(entries, room - len(names) - 2, lambda count: f"- … the fields of {count:,} more are {_IN_JSON}")
    return details(summary, f"{names}\n\n{full}")


def _moved(review: Review, room: int) -> str:
    items = _of(review, "moved", "forgotten")
    title = "Moved or no longer managed"
    if not items or room < _LEAST_ROOM:
        return _only_count(title, items)
    summary = f"{title} ({len(items):,})"
    room -= len(details(summary, ""))
    text = fitting(list(map(_entry, items)), room, lambda count: f"- … {count:,} more are {_IN_JSON}")
    return details(summary, text)


def _only_count(title: str, items: Sequence[Item]) -> str:
    return f"{title} ({len(items):,}): {_IN_JSON}" if items else ""


def _names(items: Sequence[Item], room: int) -> str:
    pairs = [(item.change.type, item.change.key) for item in items]
    return by_type(pairs, room, lambda name: code(name, 120), _IN_JSON)


def _of(review: Review, *kinds: str) -> list[Item]:
    return sorted((item for item in review.items if item.change.kind in kinds), key=_danger)


def _tally(items: Sequence[Item]) -> str:
    """Return `: 3 notebooks, 1 job`: what a reader wants before opening the part."""
    numbers: dict[str, int] = {}
    for item in items:
        word = kind_word(item.change.type)
        numbers[word] = numbers.get(word, 0) + 1
    words = [f"{count:,} {word}{_plural(word, count)}" for word, count in sorted(numbers.items())]
    return f": {escaped(', '.join(words))}"


def _plural(word: str, count: int) -> str:
    return "" if count == 1 or word.endswith("s") else "s"


def _policy_line(review: Review) -> str:
    if review.policies is None:
        return "not run"
    found = [each.result for each in review.policies]
    numbers = [(result, found.count(result)) for result in ("failed", "waived", "passed")]
    return ", ".join(f"{count:,} {result}" for result, count in numbers if count) or "none apply"


def _policies(review: Review) -> str:
    told = [each for each in review.policies or () if each.result != "passed"]
    if not told:
        return ""
    told.sort(key=lambda each: each.result)
    rows = [
        f"| {each.result} | {escaped(each.id, 60)} {escaped(each.title, 120)} | {escaped(each.address, 120)} |"
        f" {escaped(each.reason, 160)} | {escaped(each.fix, 160)} |"
        for each in told[:_TABLE_ROWS]
    ]
    table = ["| | policy | where | why | fix |", "|---|---|---|---|---|", *_rows(rows, len(told))]
    return "### Policies\n\n" + "\n".join(table)


def _rows(rows: Sequence[str], count: int) -> list[str]:
    """Return the first rows of a table of `count` that fit into its room, and one that counts the others."""
    taken: list[str] = []
    room = _TABLE_ROOM
    for row in rows:
        room -= len(row)
        if room < 0:
            break
        taken.append(row)
    rest = [f"| … {count - len(taken):,} more {_IN_JSON} |"] if len(taken) < count else []
    return [*taken, *rest]


def _next_runs(review: Review) -> str:
    if not review.next_runs:
        return ""
    rows = []
    for each in review.next_runs[:_TABLE_ROWS]:
        sides = ("<br>".join(f"{at:%a %Y-%m-%d %H:%M}" for at in side) or "never" for side in (each.before, each.after))
        rows.append(f"| {escaped(each.job, 120)} | {' | '.join(sides)} |")
    table = ["| job | before | after |", "|---|---|---|", *_rows(rows, len(review.next_runs))]
    return "### Next runs (UTC)\n\n" + "\n".join(table)


def _cost_line(review: Review) -> str:
    before, after = review.cost_before, review.cost_after
    if (before.parts, before.unknown) == (after.parts, after.unknown):
        text = f"{_usd(after)}, unchanged" if after.parts or after.unknown else "nothing runs by the clock in this plan"
    else:
        text = f"{_usd(before)} → {_usd(after)}"
        if before.unknown != after.unknown:
            text += " (the two do not count the same things)"
    return escaped(text)


def _usd(value: Cost) -> str:
    return f"{'at least ' if value.unknown else ''}${value.expected:,.2f}"


def _cost(review: Review) -> str:
    before, after = review.cost_before, review.cost_after
    names = list(dict.fromkeys([*before.parts, *after.parts]))
    unknown = list(dict.fromkeys([*before.unknown, *after.unknown]))
    if not names and not unknown:
        return ""
    rows = [
        f"| {escaped(name, 120)} | ${before.parts.get(name, 0):,.2f} | ${after.parts.get(name, 0):,.2f} |"
        for name in names[:_TABLE_ROWS]
    ]
    total = f"| all of it, at most | ${before.at_most:,.2f} | ${after.at_most:,.2f} |"
    table = "\n".join(["| USD a month | before | after |", "|---|---|---|", *_rows(rows, len(names)), total])
    missing = [f"Not known, so not counted: {escaped('; '.join(unknown[:_TABLE_ROWS]), 1500)}."] if unknown else []
    notes = [*missing, f"{escaped(cost.FORMULA, 1500)} List prices of {review.prices_checked}, infra/prices.toml."]
    return details("Cost", "\n\n".join([table, *(f"<sub>{note}</sub>" for note in notes)]))


def _diffs(diffs: Sequence[Diff], room: int) -> str:
    """Return the diffs of code that fit, each cut at a fixed length; the rest is counted."""
    if not diffs:
        return ""
    entries = []
    for diff in diffs:
        lines = diff.lines
        if len(lines) > _DIFF_LINES:
            lines = (*lines[:_DIFF_LINES], f"  … {len(diff.lines) - _DIFF_LINES:,} more lines")
        cut = tuple(line if len(line) <= 200 else f"{line[:199]}…" for line in lines)
        summary = f"{escaped(diff.title)} (+{diff.added} -{diff.removed})"
        entries.append(details(summary, block(cut, "diff")) + "\n")
    title = "### Code\n"
    rest = "more do not fit here: see review.json"
    text = fitting(entries, room - len(title) - 2, lambda count: f"{count:,} {rest}")
    return f"{title}\n{text}" if len(text) + len(title) <= room else ""
