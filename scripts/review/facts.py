"""What is known about a plan beside the plan: `facts.json` of `ecom plan`, and the results of the policies."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from scripts.errors import CommandError
from scripts.redaction import scrub

_HASH = re.compile(r"(?:sha256:)?[0-9a-f]{7,64}")
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
RESULTS = ("failed", "passed", "waived")


@dataclass(frozen=True)
class Facts:
    """Where a plan comes from and what it was made against."""

    environment: str
    stack: str
    digest: str
    commit: str
    dirty: bool
    lineage: str
    serial: int | None
    terraform: str
    provider: str
    planned_at: datetime


@dataclass(frozen=True)
class PolicyResult:
    """What one policy says of one resource."""

    id: str
    severity: str
    title: str
    address: str
    result: str
    reason: str
    fix: str


def facts(document: Mapping[str, Any], where: str) -> Facts:
    """Read `facts.json`; CommandError names the key that is missing or wrong."""
    try:
        state = document["state"] or {}
        at = datetime.fromisoformat(document["planned_at"])
        return Facts(
            environment=scrub(str(document["environment"])),
            stack=scrub(str(document["stack"])),
            digest=_identity(document["digest"]),
            commit=_identity(document["commit"]),
            dirty=bool(document["dirty"]),
            lineage=_identity(state.get("lineage") or ""),
            serial=state.get("serial"),
            terraform=scrub(str(document["terraform"])),
            provider=scrub(str(document["provider"])),
            planned_at=at if at.tzinfo else at.replace(tzinfo=UTC),
        )
    except KeyError as error:
        raise CommandError(f"{where}: {error} is missing: write it with ecom plan.") from error
    except (TypeError, AttributeError, ValueError) as error:
        raise CommandError(f"{where}: {type(error).__name__} {scrub(str(error))}: write it with ecom plan.") from error


def policy_results(document: Any, where: str) -> tuple[PolicyResult, ...]:
    """Read a list of policy results; CommandError names what is wrong."""
    if not isinstance(document, list):
        raise CommandError(f"{where}: expected a JSON list of policy results.")
    found = []
    for place, entry in enumerate(document):
        if not isinstance(entry, Mapping) or entry.get("result") not in RESULTS or not entry.get("id"):
            raise CommandError(f"{where}: entry {place}: expected id and result of {', '.join(RESULTS)}.")
        texts = {name: scrub(str(entry.get(name) or "")) for name in PolicyResult.__dataclass_fields__}
        found.append(PolicyResult(**texts))
    return tuple(found)


def _identity(value: Any) -> str:
    """Digests, commits and lineages look as random as secrets; only what has their exact form is shown as it is."""
    text = str(value or "")
    return text if _HASH.fullmatch(text) or _UUID.fullmatch(text) else scrub(text)
