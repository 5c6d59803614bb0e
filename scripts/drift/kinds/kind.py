"""What drift must know of a resource type to compare it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from scripts.drift.compare import Body, Difference, Rules
from scripts.drift.declared import Resource


@dataclass(frozen=True, kw_only=True)
class Kind:
    """One resource type.

    `key` is where its object stands in the world; `desired` makes, of a resource and the object's creator, the body
    that the workspace should show. `segment` names it in the permissions API, empty where there are no such lists.
    `told` leaves out differences that only follow from others.
    """

    type: str
    noun: str
    rules: Rules
    key: Callable[[Resource], str]
    desired: Callable[[Resource, str], Body]
    segment: str = ""
    told: Callable[[list[Difference]], list[Difference]] = list


def by_id(resource: Resource) -> str:
    """Key of what the workspace gives an id."""
    return resource.id


def by_path(resource: Resource) -> str:
    """Key of what lies in the workspace tree: its path as the API names it."""
    return plain_path(str(resource.arguments["path"]))


def plain_path(path: str) -> str:
    """Return a path without the `/Workspace` that some APIs put in front and others take away."""
    return path.removeprefix("/Workspace") if path.startswith("/Workspace/") else path


def without(arguments: Body, *names: str) -> Body:
    """Return arguments without those that only Terraform reads."""
    return {name: value for name, value in arguments.items() if name not in names}
