"""A Terraform plan as changes, with everything secret hidden on the way in."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from scripts.errors import CommandError
from scripts.redaction import HIDDEN, hidden_value, scrub

Kind = Literal["added", "changed", "replaced", "destroyed", "moved", "forgotten", "unchanged"]

_KINDS: Mapping[tuple[str, ...], Kind] = {
    ("create",): "added",
    ("update",): "changed",
    ("delete",): "destroyed",
    ("delete", "create"): "replaced",
    ("create", "delete"): "replaced",
    ("forget",): "forgotten",
    ("no-op",): "unchanged",
    ("read",): "unchanged",
}
# Texts that hold JSON or whole files: their inside is hidden piece by piece, not as one long random word.
_JSON_TEXTS = {"serialized_dashboard", "definition"}
_CONTENT = "content_base64"
UNKNOWN = "(known after apply)"
# What costs money by the clock is read even where it stays as it is.
_ALWAYS_READ = {"databricks_job", "databricks_alert_v2", "databricks_sql_endpoint"}
# Set by the server with every change; they tell nothing that another attribute does not.
_SERVER_FIELDS = """
id md5 etag create_time update_time created_at updated_at created_by updated_by lifecycle_state object_id object_type
owner_user_name effective_run_as effective_notify_on_ok effective_retrigger_seconds last_evaluated_at state
dashboard_id dashboard_change_detected metastore_id workspace_path jdbc_url odbc_params num_clusters
num_active_sessions creator_name data_source_id default_tags cluster_id url
"""
NOISE = frozenset(_SERVER_FIELDS.split())
THRESHOLDS = "sql-thresholds_toml"  # key of the file with every number


def is_alert_file(key: str) -> bool:
    """Return whether a resource is the file that says which threshold an alert watches."""
    return key.startswith("sql-alerts-")


@dataclass(frozen=True)
class Change:
    """What Terraform means to do with one resource; values carry no secrets and have unknowns filled in.

    `hidden` names the top attributes whose change cannot be seen because only hidden values differ.
    """

    address: str
    type: str
    key: str
    kind: Kind
    before: Mapping[str, Any]
    after: Mapping[str, Any]
    previous_address: str
    replaced_by: tuple[str, ...]
    hidden: tuple[str, ...]

    @property
    def title(self) -> str:
        """Name as people know the thing: its own name, else its key; of what is made anew, the name it has now."""
        sides = (self.before, self.after) if self.kind == "replaced" else (self.after, self.before)
        for side in sides:
            for attribute in ("name", "display_name", "cluster_name", "path"):
                if isinstance(text := side.get(attribute), str) and text:
                    return text
        return self.key


def read(plan: Mapping[str, Any]) -> tuple[Change, ...]:
    """Return the managed resources of a plan (`terraform show -json`) in its order, unchanged ones too."""
    if not isinstance(entries := plan.get("resource_changes", []), list):
        raise CommandError("plan.json: resource_changes is no list: write it with terraform show -json.")
    if plan.get("errored"):
        raise CommandError("plan.json: Terraform stopped with an error while planning; plan again.")
    return tuple(_change(entry) for entry in entries if entry.get("mode") != "data")


def _change(entry: Mapping[str, Any]) -> Change:
    change = entry["change"]
    kind = _KINDS.get(tuple(change["actions"]))
    if kind is None:
        raise CommandError(f"plan.json: {scrub(entry['address'])}: unknown actions {change['actions']}")
    previous = entry.get("previous_address", "")
    if kind == "unchanged" and previous:
        kind = "moved"
    if kind == "unchanged" and entry["type"] not in _ALWAYS_READ and not is_alert_file(str(entry["name"])):
        change = {}  # nobody looks at what stays as it is
    raw_before = change.get("before") or {}
    raw_after = _filled(change.get("after"), change.get("after_unknown")) or {}
    before = _shown(raw_before, change.get("before_sensitive"), {}, {})
    after = _shown(raw_after, change.get("after_sensitive"), raw_before, before)
    hidden = tuple(
        scrub(name)
        for name in raw_after
        if name not in NOISE
        and raw_before
        and raw_before.get(name) != raw_after[name]
        and before.get(scrub(name)) == after.get(scrub(name))
    )
    return Change(
        address=scrub(entry["address"]),
        type=entry["type"],
        key=scrub(str(entry["name"])),
        kind=kind,
        before=before,
        after=after,
        previous_address=scrub(previous),
        replaced_by=tuple(scrub(".".join(map(str, path))) for path in change.get("replace_paths") or ()),
        hidden=hidden if kind in ("changed", "replaced") else (),
    )


def _filled(after: Any, unknown: Any) -> Any:
    """Return the planned values with a word where they are not known yet."""
    if unknown is True:
        return UNKNOWN
    if isinstance(unknown, dict) and unknown:
        known = after if isinstance(after, dict) else {}
        return {
            name: _filled(known.get(name), unknown.get(name)) for name in [*known, *(unknown.keys() - known.keys())]
        }
    if isinstance(unknown, list) and any(unknown):
        items = after if isinstance(after, list) else []
        longest = max(len(items), len(unknown))
        return [
            _filled(items[place] if place < len(items) else None, unknown[place] if place < len(unknown) else None)
            for place in range(longest)
        ]
    return after


def _shown(
    values: Mapping[str, Any], sensitive: Any, other: Mapping[str, Any], other_shown: Mapping[str, Any]
) -> dict[str, Any]:
    """Hide what must be hidden; what equals the other side, marks apart, is shown as there: most of a change."""
    if sensitive is True:
        return dict.fromkeys(map(scrub, values), HIDDEN)
    marks = sensitive if isinstance(sensitive, dict) else {}
    return {
        scrub(name): other_shown[scrub(name)]
        if name in other and other[name] == value and marks.get(name) is not True
        else _attribute(name, value, marks.get(name))
        for name, value in values.items()
    }


def _attribute(name: str, value: Any, sensitive: Any) -> Any:
    if sensitive is True or not isinstance(value, str) or value == UNKNOWN:
        return hidden_value(name, value, sensitive)
    if name == _CONTENT:
        return _content(value)
    return _document(value) if name in _JSON_TEXTS else hidden_value(name, value, None)


def _content(value: str) -> str:
    """Return the text of a file; a binary one as its size."""
    try:
        raw = base64.b64decode(value, validate=True)
        return scrub(raw.decode())
    except UnicodeDecodeError:
        return f"(binary, {len(raw):,} bytes)"
    except (binascii.Error, ValueError):
        return scrub(value)


def _document(value: str) -> Any:
    """Return what a JSON text holds, hidden piece by piece."""
    try:
        return hidden_value("", json.loads(value), None)
    except json.JSONDecodeError:
        return scrub(value)
