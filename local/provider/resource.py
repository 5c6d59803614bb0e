"""What a resource type is: a schema, the rules that differ from type to type, and its calls to the API."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from local.provider.schema import Block
from local.provider.values import Values

Object = dict[str, Any]

ANYTHING = object()


class Api(Protocol):
    """What resource types need of the client."""

    host: str

    def get(self, path: str, /, **query: object) -> Object:
        """GET and return the answer."""

    def get_list(self, path: str) -> list[Object]:
        """GET an answer that is a list."""

    def post(self, path: str, body: Object, *, repeatable: bool = True) -> Object:
        """POST and return the answer; repeatable says that sending it twice does no harm."""

    def put(self, path: str, body: Object) -> Object:
        """PUT and return the answer."""

    def patch(self, path: str, body: Object, /, **query: object) -> Object:
        """PATCH and return the answer."""

    def delete(self, path: str, /, **query: object) -> Object:
        """DELETE; an object that is already gone is fine."""

    def me(self) -> Object:
        """Return the current user, asked once per process."""


@dataclass(frozen=True)
class Rules:
    """How a type deviates from plain copying; paths are dotted block and attribute names without indexes.

    A rule path that starts with `*.` holds wherever the rest ends a path.
    """

    defaults: Mapping[str, Any] = field(default_factory=dict)  # set at plan where the configuration is silent
    immutable: frozenset[str] = frozenset()  # a change means a new object
    volatile: frozenset[str] = frozenset()  # computed anew by every update
    local: frozenset[str] = frozenset()  # never sent; on read the state keeps them
    force: frozenset[str] = frozenset()  # sent even when zero
    keep_zeros: bool = False  # every configured zero is sent
    plural: Mapping[str, str] = field(default_factory=dict)  # attribute name to API name, by path
    unset: Mapping[str, Any] = field(default_factory=dict)  # what the server says when the configuration said nothing
    keyed: Mapping[str, str] = field(default_factory=dict)  # lists whose order is ours, with the key of an item
    equal: Mapping[str, Callable[[Any, Any], bool]] = field(default_factory=dict)  # other spellings of one value

    @property
    def telling_all(self) -> Rules:
        """The rules for an object that nothing is known of: there is no silence to respect, only defaults."""
        return replace(self, unset={path: value for path, value in self.unset.items() if value is not ANYTHING})

    def look(self, table: Mapping[str, Any], path: str, otherwise: Any = None) -> Any:
        """Find the rule of a path, the exact one first."""
        if path in table:
            return table[path]
        parts = path.split(".")
        for start in range(len(parts)):
            found = table.get("*." + ".".join(parts[start:]), ANYTHING)
            if found is not ANYTHING or "*." + ".".join(parts[start:]) in table:
                return found
        return otherwise

    def listed(self, names: frozenset[str], path: str) -> bool:
        """Tell whether a path is in a set of rule paths."""
        return path in names or any("*." + path.split(".", start)[-1] in names for start in range(path.count(".") + 1))


@dataclass(frozen=True)
class Created:
    """The id of a new object, and the object itself where the answer to the create is the whole truth."""

    id: str
    found: Object | None = None


@dataclass(frozen=True)
class Journaled:
    """How a create that is not naturally repeatable finds its own half-done work of a killed run."""

    name: Callable[[Values], str]
    find: Callable[[Api, Values], list[str]]  # ids of objects that look like this one


def _no_plan(prior: Values | None, planned: Values, config: Values) -> None:
    """Leave the plan as it is."""


def _no_problem(config: Values) -> list[str]:
    """Accept every configuration that the schema accepts."""
    return []


def _by_id(text: str) -> Values:
    """Import by the id alone."""
    return {"id": text}


def nothing_more(api: Api, identity: str, planned: Values) -> None:
    """The create call was all."""


@dataclass(frozen=True)
class Resource:
    """One resource type. `read` returns the object in the API's words, or None when it is gone."""

    schema: Block
    read: Callable[[Api, Values], Object | None]
    create: Callable[[Api, Values], Created]
    delete: Callable[[Api, Values], None]
    update: Callable[[Api, Values, Values], Object | None] | None = None
    rules: Rules = field(default_factory=Rules)
    version: int = 0
    plan: Callable[[Values | None, Values, Values], None] = _no_plan
    validate: Callable[[Values], list[str]] = _no_problem
    raw: bool = False  # the answer is the state, also where it contradicts the plan, as plugin-framework resources do
    settle: Callable[[Api, str, Values], None] = nothing_more  # what follows the create call; safe to repeat
    journal: Journaled | None = None
    parse_id: Callable[[str], Values] = _by_id
