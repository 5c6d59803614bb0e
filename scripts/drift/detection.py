"""From what is declared and what is there to findings. Pure: everything was read before."""

from __future__ import annotations

import difflib
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

from infra.environments import Environment
from scripts.drift import access, proposal, severity
from scripts.drift.actual import World
from scripts.drift.compare import Difference, compare
from scripts.drift.declared import Resource, Stack
from scripts.drift.findings import SEVERITIES, Coverage, Finding, Proposal
from scripts.drift.kinds import KINDS, SUPPORTED
from scripts.drift.kinds.kind import Kind
from scripts.drift.kinds.secrets import EXPECTED_KEYS
from scripts.drift.undeclared import Stray, declared_keys, strays
from scripts.redaction import hidden_setting, scrub

# A missing one of these takes along what is in it: one finding says so.
_CONTAINERS = ("databricks_directory", "databricks_catalog", "databricks_schema")
_CONTEXT = 3  # lines around a change, as everybody's diff has


@dataclass(frozen=True)
class Detection:
    """All findings, worst first; what was compared; what is worth a word and no drift."""

    findings: tuple[Finding, ...]
    coverage: tuple[Coverage, ...]
    notes: tuple[str, ...]


def detect(stack: Stack, world: World, env: Environment) -> Detection:
    """Compare everything; an object that could not be read gives no finding, its problem stands in the world."""
    findings = [*_unsupported(stack), *_objects(stack, world), *_lists(stack, world)]
    found_strays = strays(stack, world, env)
    findings += [_stray(each, stack) for each in found_strays]
    findings.sort(key=lambda each: (SEVERITIES.index(each.severity), each.address, each.path))
    return Detection(tuple(findings), tuple(_coverage(stack, world, found_strays)), tuple(_notes(stack, world)))


def _unsupported(stack: Stack) -> Iterator[Finding]:
    for resource in stack.resources.values():
        if resource.type not in SUPPORTED:
            yield Finding(
                kind="unsupported type",
                address=resource.address,
                path="",
                declared=resource.type,
                actual=None,
                severity="high",
                proposal=Proposal("", "give it a module in scripts/drift/kinds"),
                note="drift cannot compare this type, so it cannot say that nothing changed",
            )


def _objects(stack: Stack, world: World) -> Iterator[Finding]:
    gone = {each.address for each in stack.of(*KINDS) if world.find(each.type, KINDS[each.type].key(each)) is None}
    for resource in stack.of(*KINDS):
        kind = KINDS[resource.type]
        key = kind.key(resource)
        if _unread(world, resource.type, key):
            continue
        body = world.find(resource.type, key)
        if body is None and (other := world.in_place_of(key)) is not None:
            wanted = str(kind.desired(resource, "")["object_type"])
            yield _changed(resource, Difference("object_type", "object_type", wanted, other.get("object_type")))
            continue
        if body is None:
            if not any(stack.resources[need].type in _CONTAINERS for need in resource.needs & gone):
                yield _missing(resource, kind, stack, gone)
            continue
        creator = str(body.get("creator", ""))
        without_keys = {name: value for name, value in body.items() if name != "keys"}
        for difference in kind.told(compare(kind.desired(resource, creator), without_keys, kind.rules)):
            yield _changed(resource, difference)
        if resource.type == "databricks_secret_scope":
            yield from _keys(resource, key, set(body.get("keys", [])))


def _missing(resource: Resource, kind: Kind, stack: Stack, gone: set[str]) -> Finding:
    inside: set[str] = set()
    if resource.type in _CONTAINERS:
        inside = {address for address in gone if resource.address in _above(stack, address)}
    never = "" if resource.id else "it was never deployed"
    return Finding(
        kind="missing",
        address=resource.address,
        path="",
        declared=f"{kind.noun} {kind.key(resource) or resource.name}",
        actual=None,
        severity=min(
            (severity.of_missing(stack.resources[each].type) for each in {resource.address} | inside),
            key=SEVERITIES.index,
        ),
        proposal=proposal.of_missing(resource),
        note=never,
        also=tuple(sorted(inside)),
        ids=frozenset({kind.key(resource), resource.id} - {""}),
        object_type=resource.type,
    )


def _above(stack: Stack, address: str) -> set[str]:
    """Return every address that one refers to, directly or not."""
    found: set[str] = set()
    waiting = [address]
    while waiting:
        resource = stack.resources.get(waiting.pop())
        new = (resource.needs if resource else frozenset()) - found
        found |= new
        waiting += new
    return found


def _changed(resource: Resource, difference: Difference) -> Finding:
    declared, actual = (hidden_setting(difference.path, each) for each in (difference.declared, difference.actual))
    shown = replace(difference, declared=declared, actual=actual)
    is_content = difference.pattern == "content" or difference.pattern.startswith("content.")
    return Finding(
        kind="content" if is_content else "changed",
        address=resource.address,
        path=difference.path,
        declared=declared,
        actual=actual,
        severity=severity.of_difference(resource.type, difference),
        proposal=_redacted(proposal.of_difference(resource, shown)),
        diff=_diff(declared, actual, proposal.file_of(resource) if difference.pattern == "content" else ""),
        note=_state_agrees(resource, difference),
        ids=frozenset({KINDS[resource.type].key(resource), resource.id} - {""}),
        object_type=resource.type,
    )


def _state_agrees(resource: Resource, difference: Difference) -> str:
    """Say when the state holds what the workspace holds: then the code moved on, or a refresh took the drift over."""
    known = resource.attributes.get(difference.pattern)
    if difference.pattern == "content" and isinstance(difference.actual, str):
        # The provider keeps a digest of what it sent; a notebook's last line ends are not compared.
        sent = {hashlib.md5(each.encode(), usedforsecurity=False).hexdigest() for each in _endings(difference.actual)}
        agrees = resource.attributes.get("md5") in sent
    else:
        agrees = known not in (None, "") and known == difference.actual
    return "the Terraform state says the same as the workspace: not deployed yet, or refreshed since" if agrees else ""


def _endings(text: str) -> tuple[str, str]:
    return text, text.removesuffix("\n")


def _diff(declared: object, actual: object, file: str = "") -> str:
    """Return the unified diff of two texts of more than one line; of a file of ours as `git apply` takes it."""
    if not isinstance(declared, str) or not isinstance(actual, str) or "\n" not in declared + actual:
        return ""
    before, after = declared.splitlines(keepends=True), actual.splitlines(keepends=True)
    names = (f"a/{file}", f"b/{file}") if file else ("declared", "workspace")
    lines = difflib.unified_diff(before, after, *names, n=_CONTEXT)
    return "".join(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines)


def _redacted(ways: Proposal) -> Proposal:
    return Proposal(scrub(ways.revert), scrub(ways.adopt))


def _keys(resource: Resource, scope: str, held: set[str]) -> Iterator[Finding]:
    wanted = set(EXPECTED_KEYS.get(scope, ()))
    extra = held - wanted
    # A scope without any key is one that nobody filled yet: `_notes` says so, it is no drift.
    for key in sorted(extra | (wanted - held if held else set())):
        yield Finding(
            kind="undeclared" if key in extra else "missing",
            address=resource.address,
            path=f"keys[{key}]",
            declared=None if key in extra else key,
            actual=key if key in extra else None,
            severity="medium" if key in extra else "high",
            proposal=proposal.of_key(scope, key, key in extra),
            ids=frozenset({scope}),
            object_type=resource.type,
        )


def _lists(stack: Stack, world: World) -> Iterator[Finding]:
    """Compare access lists of what is there; of what is missing the object itself is the finding."""
    wanted = access.expected(stack)
    deployers = access.makers(stack, world)
    for resource in stack.of(*KINDS):
        key = KINDS[resource.type].key(resource)
        name = f"{resource.type} {key}"
        held = world.access.get(name)
        if held is None:
            continue
        body = world.find(resource.type, key) or {}
        for found in access.differences(resource, held, wanted.get(name, access.Expected()), deployers):
            field = "acl" if resource.type in ("databricks_secret_scope",) or KINDS[resource.type].segment else "grants"
            yield Finding(
                kind="permission",
                address=found.address,
                path=f"{field}[{found.principal}]",
                declared=", ".join(found.declared) or None,
                actual=", ".join(found.actual) or None,
                severity="high" if found.wider else "medium",
                proposal=proposal.of_access(resource, key, str(body.get("object_id") or key), found),
                ids=frozenset({key, str(body.get("object_id") or ""), resource.id} - {""}),
                object_type=resource.type,
            )


def _stray(stray: Stray, stack: Stack) -> Finding:
    return Finding(
        kind="undeclared",
        address=stray.address,
        path="",
        declared=None,
        actual=stray.key,
        severity=severity.of_undeclared(stray.type),
        proposal=proposal.of_undeclared(stray, stack.forgotten.get(f"{stray.type} {stray.key}", "")),
        also=stray.also,
        ids=frozenset({stray.key}),
        object_type=stray.type,
    )


def _unread(world: World, kind: str, key: str) -> bool:
    """Whether an object, or the list or folder it would stand in, could not be read."""
    names = {f"{kind} {key}", f"list of {kind}"}
    if kind == "databricks_volume":
        names |= {"list of databricks_schema", f"volumes of {key.rpartition('.')[0]}"}
    if key.startswith("/"):
        names |= {f"folder {parent}" for parent in PurePosixPath(key).parents}
    return not names.isdisjoint(world.problems)


def _coverage(stack: Stack, world: World, found: list[Stray]) -> Iterator[Coverage]:
    keys = declared_keys(stack)
    loose = {kind: 0 for kind in KINDS}
    for stray in found:
        loose[stray.type] = loose.get(stray.type, 0) + 1 + len(stray.also)
    for kind in sorted(KINDS):
        managed = sum(key in world.objects.get(kind, {}) for key in keys[kind])
        if keys[kind] or loose[kind]:
            yield Coverage(KINDS[kind].noun, managed, managed + loose[kind], len(keys[kind]))
    lists = access.expected(stack)
    yield Coverage("access list", sum(each in world.access for each in lists), len(world.access), len(lists))


def _notes(stack: Stack, world: World) -> Iterator[str]:
    for resource in stack.of("databricks_secret_scope"):
        body = world.find(resource.type, str(resource.arguments["name"]))
        wanted = EXPECTED_KEYS.get(str(resource.arguments["name"]), ())
        if body is not None and wanted and not body.get("keys"):
            yield f"scope '{resource.arguments['name']}' holds no secret yet: {', '.join(wanted)} (ecom secrets sync)"
