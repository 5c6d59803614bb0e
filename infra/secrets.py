"""The secrets that the platform reads: scopes, keys, what they are. Values are nowhere in this repository."""

from __future__ import annotations

import re
from dataclasses import dataclass

_NAME = re.compile(r"[A-Za-z0-9_.@-]{1,128}")  # what the Secrets API accepts


class SecretError(ValueError):
    """A secret that no workspace would accept."""


@dataclass(frozen=True)
class Secret:
    """One key of a secret scope and what its value is."""

    scope: str
    key: str
    meaning: str

    def __post_init__(self) -> None:
        for name in (self.scope, self.key):
            if not _NAME.fullmatch(name):
                raise SecretError(f"secret {self.scope}/{self.key}: {name!r} is no name of a scope or key")

    @property
    def path(self) -> str:
        """Name it as operators do: `scope/key`."""
        return f"{self.scope}/{self.key}"

    @property
    def variable(self) -> str:
        """The environment variable that its value is taken from."""
        return "ECOM_SECRET_" + re.sub(r"[^A-Z0-9]", "_", f"{self.scope}_{self.key}".upper())


SECRETS: tuple[Secret, ...] = (
    Secret("email", "password", "Password of the digest's sender at the mail server (infra/environments.py, mail)."),
)
