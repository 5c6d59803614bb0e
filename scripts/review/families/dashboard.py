"""Dashboards: tiles and the questions behind them, out of the serialized definition."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from scripts.review.families.generic import opening
from scripts.review.fields import differences
from scripts.review.plan import Change
from scripts.review.story import Diff, Line, Story, unified


def describe(change: Change) -> Story:
    """Say what changes of a dashboard."""
    lines = opening(change)
    before, after = (side.get("serialized_dashboard") for side in (change.before, change.after))
    if change.kind == "added" and isinstance(after, Mapping):
        lines.append(Line(f"dashboard {change.key} has {len(_tiles(after))} tiles"))
    if change.kind not in ("changed", "replaced"):
        return Story(tuple(lines))
    others = (found for found in differences(change.before, change.after) if "serialized" not in found.path)
    lines += [Line(f"dashboard {change.key} {found.words}") for found in others if found.path != "path"]
    if not isinstance(before, Mapping) or not isinstance(after, Mapping):
        said = [Line(f"dashboard {change.key}: its definition changes", "code")] if before != after else []
        return Story((*lines, *said))
    diffs = tuple(_queries(change.key, before, after))
    lines += [Line(f"{diff.title} changes", "code") for diff in diffs]
    return Story((*lines, *_tile_lines(change.key, _tiles(before), _tiles(after))), diffs)


def _tiles(definition: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """Return the tiles of all pages by title; a title used twice gets a number."""
    tiles: dict[str, Mapping[str, Any]] = {}
    for page in definition.get("pages") or []:
        for place in page.get("layout") or []:
            widget = place.get("widget") or {}
            frame = (widget.get("spec") or {}).get("frame") or {}
            title = str(frame.get("title") or widget.get("name") or "(untitled)")
            number = 2
            while title in tiles:
                title, number = f"{title.partition(' #')[0]} #{number}", number + 1
            tiles[title] = place
    return tiles


def _tile_lines(
    key: str, before: Mapping[str, Mapping[str, Any]], after: Mapping[str, Mapping[str, Any]]
) -> Iterator[Line]:
    for title in before:
        if title not in after:
            yield Line(f"dashboard {key}: tile {title} goes")
    for title, place in after.items():
        if title not in before:
            yield Line(f"dashboard {key}: tile {title} is new")
            continue
        # The name of a widget counts tiles: it moves with every tile put in before it.
        found = [each for each in differences(before[title], place) if each.path != "widget.name"]
        inside = [each for each in found if not each.path.startswith("position")]
        if inside:
            yield Line(f"dashboard {key}: tile {title}: {'; '.join(each.words for each in inside[:3])}")
        elif found:
            yield Line(f"dashboard {key}: tile {title} moves or is resized")


def _queries(key: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Diff]:
    old, new = _texts(before), _texts(after)
    for name in dict.fromkeys([*old, *new]):
        if old.get(name) != new.get(name):
            yield unified(f"dashboard {key} question {name}", old.get(name, ""), new.get(name, ""))


def _texts(definition: Mapping[str, Any]) -> dict[str, str]:
    return {
        str(each.get("name")): "".join(map(str, each.get("queryLines") or [each.get("query") or ""]))
        for each in definition.get("datasets") or []
    }
