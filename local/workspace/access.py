"""Access lists: which kinds have one, what levels they know, who owns."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from local.errors import ApiError, invalid, not_found
from local.store import Store

KIND = "acls"
PRINCIPALS = ("user_name", "group_name", "service_principal_name")
_RUN = ("CAN_READ", "CAN_RUN", "CAN_EDIT", "CAN_MANAGE")
_VIEW_RUN = ("CAN_VIEW", "CAN_READ", "CAN_RUN", "CAN_EDIT", "CAN_MANAGE")


@dataclass(frozen=True)
class Securable:
    """One kind of object that has an access list."""

    segment: str  # in the URL and in object_id
    kind: str  # in the store
    object_type: str  # in the answer; the provider refuses any other
    levels: tuple[str, ...]
    owned: bool = False  # has exactly one IS_OWNER instead of a managing creator


SECURABLES = {
    securable.segment: securable
    for securable in (
        Securable("clusters", "clusters", "cluster", ("CAN_ATTACH_TO", "CAN_RESTART", "CAN_MANAGE")),
        Securable("cluster-policies", "cluster-policies", "cluster-policy", ("CAN_USE",)),
        Securable("instance-pools", "instance-pools", "instance-pool", ("CAN_ATTACH_TO", "CAN_MANAGE")),
        Securable("jobs", "job", "job", ("CAN_VIEW", "CAN_MANAGE_RUN", "CAN_MANAGE", "IS_OWNER"), owned=True),
        Securable("notebooks", "notebooks", "notebook", _RUN),
        Securable("directories", "directories", "directory", _RUN),
        Securable("files", "files", "file", _RUN),
        Securable(
            "sql/warehouses",
            "warehouses",
            "warehouses",
            ("CAN_VIEW", "CAN_USE", "CAN_MONITOR", "CAN_MANAGE", "IS_OWNER"),
            owned=True,
        ),
        Securable("sql/queries", "queries", "query", _VIEW_RUN),
        Securable("sql/alerts", "alerts", "alert", _VIEW_RUN),
        Securable("alertsv2", "alertsv2", "alertv2", _RUN),
        Securable("dashboards", "dashboards", "dashboard", _RUN),
        Securable("experiments", "experiments", "mlflowExperiment", ("CAN_READ", "CAN_EDIT", "CAN_MANAGE")),
    )
}
# databricks-sdk writes some without the prefix that the provider writes.
ALIASES = {"warehouses": "sql/warehouses"}
TREE_TYPES = {"notebooks": "NOTEBOOK", "directories": "DIRECTORY", "files": "FILE"}


def forget(store: Store, kind: str, key: str) -> None:
    """Drop the access list of an object that is being deleted."""
    store.delete(KIND, f"{kind}/{key}")


class AccessList:
    """The direct entries of one object; an object nobody shared has those of its creator."""

    def __init__(self, store: Store, securable: Securable, key: str, creator: str) -> None:
        self._store = store
        self._securable = securable
        self._key = key
        self._creator = creator

    def render(self) -> dict[str, Any]:
        """Return the list as the API does, inherited administrators included."""
        entries = [_entry(principal, levels) for principal, levels in self._direct().items()]
        if not any(entry.get("group_name") == "admins" for entry in entries):
            entries.append(self._administrators())
        return {
            "object_id": f"/{self._securable.segment}/{self._key}",
            "object_type": self._securable.object_type,
            "access_control_list": entries,
        }

    def replace(self, requested: list[dict[str, Any]]) -> None:
        """Make the direct entries these."""
        entries = self._checked(requested)
        if self._securable.owned:
            owners = _owners(entries)
            if not owners and self._securable.kind == "warehouses":
                entries = _merge(self._owner_entries(), entries)
            elif len(owners) != 1:
                raise invalid(f"The {self._securable.object_type} must have exactly one owner.")
        self._save(entries)

    def extend(self, requested: list[dict[str, Any]]) -> None:
        """Add these to the direct entries; a new owner takes the place of the old one."""
        added = self._checked(requested)
        if len(_owners(added)) > 1:
            raise invalid(f"The {self._securable.object_type} must have exactly one owner.")
        kept = self._direct()
        if _owners(added):
            kept = {who: levels for who, old in kept.items() if (levels := [x for x in old if x != "IS_OWNER"])}
        self._save(_merge(kept, added))

    def _direct(self) -> dict[tuple[str, str], list[str]]:
        saved = self._store.get(KIND, f"{self._securable.kind}/{self._key}")
        if saved is None:
            level = "IS_OWNER" if self._securable.owned else "CAN_MANAGE"
            # A policy has no manager of its own: only administrators may change it.
            return {("user_name", self._creator): [level]} if "CAN_MANAGE" in self._securable.levels else {}
        return {(kind, name): levels for kind, name, levels in saved["entries"]}

    def _owner_entries(self) -> dict[tuple[str, str], list[str]]:
        return {who: ["IS_OWNER"] for who in _owners(self._direct())}

    def _checked(self, requested: list[dict[str, Any]]) -> dict[tuple[str, str], list[str]]:
        entries: dict[tuple[str, str], list[str]] = {}
        for item in requested:
            named = [(kind, str(item[kind])) for kind in PRINCIPALS if item.get(kind)]
            level = item.get("permission_level")
            if len(named) != 1:
                raise invalid(f"An access control entry must name exactly one of {', '.join(PRINCIPALS)}: {item}")
            if level not in self._securable.levels:
                levels = ", ".join(self._securable.levels)
                raise invalid(f"{level} is not a permission of a {self._securable.object_type}; it knows {levels}")
            kind, name = named[0]
            # User names are e-mail addresses, kept in lower case.
            who = (kind, name.lower() if kind == "user_name" else name)
            entries = _merge(entries, {who: [level]})
        return entries

    def _save(self, entries: dict[tuple[str, str], list[str]]) -> None:
        body = {"entries": [[kind, name, levels] for (kind, name), levels in entries.items()]}
        self._store.put(KIND, f"{self._securable.kind}/{self._key}", body)

    def _administrators(self) -> dict[str, Any]:
        level = "CAN_MANAGE" if "CAN_MANAGE" in self._securable.levels else self._securable.levels[0]
        inherited = {"permission_level": level, "inherited": True}
        inherited["inherited_from_object"] = [f"/{self._securable.segment}/"]
        return {"group_name": "admins", "all_permissions": [inherited]}


def _owners(entries: dict[tuple[str, str], list[str]]) -> list[tuple[str, str]]:
    return [who for who, levels in entries.items() if "IS_OWNER" in levels]


def _merge(
    first: dict[tuple[str, str], list[str]], second: dict[tuple[str, str], list[str]]
) -> dict[tuple[str, str], list[str]]:
    merged = dict(first)
    for who, levels in second.items():
        old = merged.get(who, [])
        merged[who] = [*old, *(level for level in levels if level not in old)]
    return merged


def _entry(principal: tuple[str, str], levels: list[str]) -> dict[str, Any]:
    kind, name = principal
    permissions = [{"permission_level": level, "inherited": False} for level in levels]
    return {kind: name, "display_name": name, "all_permissions": permissions}


Find = Callable[[str], str | None]  # from the id of an object to its creator, or None when there is none


def find(store: Store, securable: Securable, key: str, find_in_tree: Find, user: str) -> AccessList:
    """Return the access list of an object that must exist."""
    if securable.kind in TREE_TYPES:
        creator = find_in_tree(key)
    else:
        body = store.get(securable.kind, key)
        creator = None if body is None else body.get("creator_user_name") or user
    if creator is None:
        message = f"{securable.object_type.capitalize()} with ID {key} does not exist."
        raise ApiError(404, "RESOURCE_DOES_NOT_EXIST", message)
    return AccessList(store, securable, key, creator)


def securable(segment: str) -> Securable:
    """Return the kind that a URL segment names."""
    found = SECURABLES.get(ALIASES.get(segment, segment))
    if found is None:
        raise not_found(f"{segment} is not a kind of object with permissions")
    return found
