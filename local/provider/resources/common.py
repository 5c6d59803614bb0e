"""Small helpers that several resource types share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from local.provider.client import ApiError
from local.provider.resource import Object


def found_or_none(call: Callable[[], Object]) -> Object | None:
    """Return the answer, or None when the workspace says that the object does not exist."""
    try:
        return call()
    except ApiError as failure:
        gone = failure.status == 400 and failure.message.removesuffix(".").endswith("does not exist")
        if failure.missing or gone:
            return None
        raise


def listed_ids(items: list[Object], key: str, matches: Callable[[Object], bool]) -> list[str]:
    """Return the ids of the listed objects that match."""
    return [str(item[key]) for item in items if matches(item)]


def same_folder(left: Any, right: Any) -> bool:
    """Compare workspace paths: the /Workspace prefix and a trailing slash are spelling."""
    return _bare(left) == _bare(right)


def _bare(path: str) -> str:
    return path.removeprefix("/Workspace").rstrip("/")


def same_text(left: Any, right: Any) -> bool:
    """Compare texts without surrounding white space."""
    return bool(left.strip() == right.strip())


def same_url(left: Any, right: Any) -> bool:
    """Compare URLs without a trailing slash."""
    return bool(left.rstrip("/") == right.rstrip("/"))
