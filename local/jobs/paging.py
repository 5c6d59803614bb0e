"""Pages of the long lists inside one job or run, as API 2.2 cuts them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

SIZE = 100


def cut(body: Mapping[str, Any], name: str, whole: Sequence[str], start: int) -> tuple[dict[str, Any], str | None]:
    """Return a body with one page of a list, and the token of the next page if there is one.

    The lists named in `whole` come with the first page only: clients append what each page brings.
    """
    items = body.get(name) or []
    shown = {key: value for key, value in body.items() if not (start and key in whole)}
    if name in body:
        shown[name] = items[start : start + SIZE]
    return shown, str(start + SIZE) if start + SIZE < len(items) else None
