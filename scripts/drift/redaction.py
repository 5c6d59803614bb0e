"""What must not be shown: values under names that look secret, and texts that look like credentials."""

from __future__ import annotations

import re

from scripts.drift.compare import Json

HIDDEN = "(redacted)"
_WORDS = (
    r"(?:pass(?:word|wd|phrase)?|secret|token|credential|api_?key|access_?key|private_?key|sas_?url|connection_?string)"
)
# A word of a name: `password`, `smtp.password`, `client_secret`; not `secretary`, nor `passed`.
_NAME = re.compile(rf"(?:^|[^a-z]){_WORDS}s?(?:$|[^a-z])", re.IGNORECASE)
_ASSIGNED = re.compile(
    rf"""((?:\b|_){_WORDS}\w*["']?\s*[:=]>?\s*)(["'][^"'\n]+["']|(?![\w.]*\()[^\s"',;)}}\]]{{6,}})""", re.IGNORECASE
)
_SHAPES = re.compile(
    r"dapi[0-9a-f]{16,}(?:-\d+)?|dkea[0-9a-f]{16,}|dose[0-9a-f]{16,}|gh[pousr]_\w{20,}|AKIA[0-9A-Z]{16}"
    r"|xox[abpr]-[\w-]{10,}|eyJ[\w-]{10,}\.[\w-]{10,}\.[\w-]*|https://hooks\.[^\s\"']+"
    r"|-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)|(?<=://)[^\s:/@\"']+:[^\s@\"']+(?=@)"
    r"|(?<=AccountKey=)[\w+/=]+|(?<=[?&]sig=)[\w%+/=-]+"
)
# What a value is called where its name stands beside it: {"name": "smtp_password", "default": "…"}.
_BEARERS = ("value", "default")
# Names of settings that look secret and are none.
_INNOCENT = frozenset({"secret_scope", "databricks_secret_scope", "databricks_secret_acl"})


def looks_secret(name: str) -> bool:
    """Whether a value under this name must not be shown."""
    return name.lower() not in _INNOCENT and bool(_NAME.search(name))


def redact(value: Json, name: str = "") -> Json:
    """Return a value as it may be shown under a name; names inside it count as well."""
    if isinstance(value, dict):
        inner = next((str(value[each]) for each in ("key", "name") if isinstance(value.get(each), str)), "")
        return {
            each: redact(inside, f"{name}.{each}" + (f".{inner}" if each in _BEARERS else ""))
            for each, inside in value.items()
        }
    if isinstance(value, list):
        return [redact(each, name) for each in value]
    if value is None or isinstance(value, bool):
        return value
    parts = name.split(".")
    last = ".".join(parts[-2:] if parts[-1] in _BEARERS else parts[-1:])
    if looks_secret(last) and not last.startswith("keys["):
        return HIDDEN
    return redact_text(value) if isinstance(value, str) else value


def redact_text(text: str) -> str:
    """Return a text without what is assigned to secret names in it and without anything shaped like a credential."""
    return _SHAPES.sub(HIDDEN, _ASSIGNED.sub(rf"\1{HIDDEN}", text))
