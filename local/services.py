"""What every part of the workspace is handed."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from local.store import Store

if TYPE_CHECKING:
    from local.engine.supervisor import DriverProcess


@dataclass(frozen=True)
class Services:
    """Root folder, store, the one user behind the token, how to reach ourselves, the Spark driver, when we started."""

    root: Path
    store: Store
    user: str
    base_url: str
    driver: DriverProcess
    started_at: int  # milliseconds since the epoch
