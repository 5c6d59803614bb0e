"""Which declared object is which one of the workspace: pure decisions over names."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from scripts.errors import CommandError

# kind as operators say it → resource type, and the argument that holds the name people see
KINDS = {
    "job": ("databricks_job", "name"),
    "alert": ("databricks_alert_v2", "display_name"),
    "dashboard": ("databricks_dashboard", "display_name"),
}


@dataclass(frozen=True)
class Declared:
    """One job, alert or dashboard of the stack."""

    kind: str
    key: str
    name: str

    @property
    def address(self) -> str:
        """Its address in the stack."""
        return f"{KINDS[self.kind][0]}.{self.key}"

    @property
    def said(self) -> str:
        """Name it as operators do: `kind:key`."""
        return f"{self.kind}:{self.key}"


@dataclass(frozen=True)
class Match:
    """A declared object and the id of the one in the workspace that has its name."""

    declared: Declared
    id: str


def declared(stack: Mapping[str, Any]) -> list[Declared]:
    """Return the jobs, alerts and dashboards of a synthesized stack (the content of cdk.tf.json)."""
    return [
        Declared(kind, key, str(body[argument]))
        for kind, (resource, argument) in KINDS.items()
        for key, body in sorted(stack.get("resource", {}).get(resource, {}).items())
    ]


def chosen(every: Sequence[Declared], said: Iterable[str]) -> list[Declared]:
    """Return what `kind:name` arguments mean, or everything; a name is the key of the spec or what people see."""
    wanted = list(said)
    found = []
    for text in wanted:
        kind, colon, name = text.partition(":")
        if not colon or kind not in KINDS:
            raise CommandError(f"{text!r}: expected kind:name with kind {', '.join(KINDS)}.")
        same = [each for each in every if each.kind == kind and name in (each.key, each.name)]
        if not same:
            known = ", ".join(each.key for each in every if each.kind == kind) or "none"
            raise CommandError(f"{text!r} is not declared; declared are: {known}.")
        found += same
    return list(dict.fromkeys(found)) if wanted else list(every)


def matches(
    wanted: Sequence[Declared], managed: set[str], present: Mapping[str, Mapping[str, Sequence[str]]], strict: bool
) -> list[Match]:
    """Return what to import: declared, not in the state, and exactly once in the workspace.

    `present` is ids by name by kind. `strict` refuses what the workspace does not have; otherwise a deploy makes it.
    """
    missing = [each for each in wanted if each.address not in managed]
    ids = {each: present.get(each.kind, {}).get(each.name, ()) for each in missing}
    if several := [f"{each.said} (ids {', '.join(ids[each])})" for each in missing if len(ids[each]) > 1]:
        raise CommandError(f"Several objects have the name of {'; '.join(several)}: rename or delete all but one.")
    if strict and (absent := [f"{each.said} ({each.name!r})" for each in missing if not ids[each]]):
        raise CommandError(f"Not in the workspace: {', '.join(absent)}.")
    return [Match(each, ids[each][0]) for each in missing if ids[each]]


def blocks(found: Sequence[Match]) -> dict[str, list[dict[str, str]]]:
    """Return Terraform's import blocks in its JSON syntax."""
    return {"import": [{"to": each.declared.address, "id": each.id} for each in found]}
