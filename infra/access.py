"""Who may do what: one table. Groups come from the identity provider; we never create them."""

from __future__ import annotations

from dataclasses import dataclass

ENGINEERS = "data-engineers"
ANALYSTS = "data-analysts"
ON_CALL = "on-call"

LEVELS: dict[str, tuple[str, ...]] = {
    "folder": ("CAN_READ", "CAN_RUN", "CAN_EDIT", "CAN_MANAGE"),
    "job": ("CAN_VIEW", "CAN_MANAGE_RUN", "CAN_MANAGE"),
    "cluster": ("CAN_ATTACH_TO", "CAN_RESTART", "CAN_MANAGE"),
    "cluster_policy": ("CAN_USE",),
    "warehouse": ("CAN_VIEW", "CAN_MONITOR", "CAN_USE", "CAN_MANAGE"),
    "alert": ("CAN_READ", "CAN_RUN", "CAN_EDIT", "CAN_MANAGE"),
    "dashboard": ("CAN_READ", "CAN_RUN", "CAN_EDIT", "CAN_MANAGE"),
    "secret_scope": ("READ", "WRITE", "MANAGE"),
}


class AccessError(ValueError):
    """An entry of the access table that no workspace would accept."""


@dataclass(frozen=True)
class Access:
    """One group's level on every object of a kind, or on the one object named by `key`."""

    kind: str
    group: str
    level: str
    key: str | None = None

    def __post_init__(self) -> None:
        if self.kind not in LEVELS:
            raise AccessError(f"access: kind {self.kind!r} is none of {', '.join(LEVELS)}")
        if self.level not in LEVELS[self.kind]:
            raise AccessError(
                f"access: {self.kind}: level {self.level!r} of group '{self.group}' is none of"
                f" {', '.join(LEVELS[self.kind])}"
            )


# Nobody may edit what is deployed: a change by hand would be drift. People run, look and restart.
ACCESS: tuple[Access, ...] = (
    Access("folder", ENGINEERS, "CAN_RUN", key="root"),
    Access("folder", ON_CALL, "CAN_RUN", key="root"),
    Access("folder", ANALYSTS, "CAN_READ", key="sql"),
    Access("job", ENGINEERS, "CAN_MANAGE_RUN"),
    Access("job", ON_CALL, "CAN_MANAGE_RUN"),
    Access("job", ANALYSTS, "CAN_VIEW"),
    Access("cluster", ENGINEERS, "CAN_RESTART"),
    Access("cluster", ON_CALL, "CAN_RESTART"),
    Access("cluster_policy", ENGINEERS, "CAN_USE"),
    Access("warehouse", ENGINEERS, "CAN_USE"),
    Access("warehouse", ON_CALL, "CAN_USE"),
    Access("warehouse", ANALYSTS, "CAN_USE"),
    Access("alert", ENGINEERS, "CAN_RUN"),
    Access("alert", ON_CALL, "CAN_RUN"),
    Access("dashboard", ENGINEERS, "CAN_RUN"),
    Access("dashboard", ON_CALL, "CAN_RUN"),
    Access("dashboard", ANALYSTS, "CAN_READ"),
    Access("secret_scope", ENGINEERS, "READ"),  # jobs read the mail password as their owner; nobody else writes it
)


def granted(kind: str, key: str) -> dict[str, str]:
    """Return level by group for one object."""
    return {entry.group: entry.level for entry in ACCESS if entry.kind == kind and entry.key in (None, key)}


def scope_levels(scope: str, run_as: str | None) -> dict[str, str]:
    """Return level by principal for one secret scope: jobs read it as whom they run as, where somebody is named."""
    return granted("secret_scope", scope) | ({run_as: "READ"} if run_as else {})
