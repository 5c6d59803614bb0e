"""The one error that operator commands end with."""

from __future__ import annotations


class CommandError(Exception):
    """What went wrong in one line: the thing, the value, the mend. The command prints it and exits with `code`."""

    def __init__(self, message: str, code: int = 1) -> None:
        super().__init__(message)
        self.code = code
