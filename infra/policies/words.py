"""Words that tell secrets, people and places in what a plan says."""

from __future__ import annotations

import re
from typing import Any

# The ends of names that hold secrets; `told_by_alerts` or `key_column` must not be taken for one.
_SECRET_NAME = re.compile(
    r"(password|passwd|secret|token|api[_.-]?key|access[_.-]?key|account[_.-]?key|private[_.-]?key|credential)s?$", re.I
)
# Texts that are secrets whatever their name: Databricks tokens, GitHub tokens, AWS keys, Azure keys, private keys.
_SECRET_TEXT = re.compile(
    r"dapi[0-9a-f]{32}|dkea[0-9a-f]{32}|dose[0-9a-f]{32}|gh[pousr]_[A-Za-z0-9]{36}|(?:AKIA|ASIA)[0-9A-Z]{16}"
    r"|AccountKey=[A-Za-z0-9+/]{40,}|-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----"
)
_PERSONAL = re.compile(r"^(/Workspace)?/(Users|Repos)/")


def names_a_secret(name: str) -> bool:
    """Whether something of this name would hold a secret: a password, a token, a key."""
    return bool(_SECRET_NAME.search(name))


def holds_a_secret(text: str) -> bool:
    """Whether a text contains what only a secret looks like."""
    return bool(_SECRET_TEXT.search(text))


def personal(path: Any) -> bool:
    """Whether a workspace path lies in a person's folder."""
    return bool(_PERSONAL.match(str(path)))
