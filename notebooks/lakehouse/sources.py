"""The five sources that arrive in landing: their files, columns and keys."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Source:
    """One source: files of one format under `<landing>/<name>/`, the columns in order, the business key."""

    name: str
    format: str
    columns: tuple[str, ...]
    key: tuple[str, ...]

    @property
    def extension(self) -> str:
        """File name ending, without the dot."""
        return {"csv": "csv", "json": "jsonl"}[self.format]

    @property
    def schema(self) -> str:
        """Its columns as Spark declares them: in landing and bronze all are text."""
        return ", ".join(f"{column} STRING" for column in self.columns)


_ALL = (
    Source(
        "customers",
        "csv",
        ("customer_id", "email", "first_name", "last_name", "country", "created_at", "updated_at"),
        ("customer_id",),
    ),
    Source("products", "csv", ("product_id", "name", "category", "unit_price", "updated_at"), ("product_id",)),
    Source(
        "orders",
        "csv",
        ("order_id", "customer_id", "order_timestamp", "status", "country", "updated_at"),
        ("order_id",),
    ),
    Source(
        "order_items",
        "csv",
        ("order_id", "line_number", "product_id", "quantity", "unit_price"),
        ("order_id", "line_number"),
    ),
    Source(
        "web_events",
        "json",
        ("event_id", "event_type", "event_timestamp", "session_id", "customer_id", "product_id", "page"),
        ("event_id",),
    ),
)

SOURCES: dict[str, Source] = {source.name: source for source in _ALL}


def find(name: str) -> Source:
    """Return a source by name, or say which there are."""
    if name not in SOURCES:
        raise ValueError(f"Source {name!r} is none of {', '.join(SOURCES)}.")
    return SOURCES[name]
