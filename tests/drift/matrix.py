"""All kinds of drift, one a row: what is done to the workspace, and which address and path must be found for it.

Written for the stack of `prod`: it has a run-as principal, live schedules and all recipients.
"""

from __future__ import annotations

from tests.drift.compute import COMPUTE
from tests.drift.data import TREE, UNITY
from tests.drift.injections import Injection
from tests.drift.jobs import JOBS
from tests.drift.monitoring import ALERTS, DASHBOARDS
from tests.drift.noise import NOISE
from tests.drift.others import ADDED
from tests.drift.sharing import PERMISSIONS, SECRETS

MATRIX: tuple[Injection, ...] = (
    *JOBS,
    *ALERTS,
    *DASHBOARDS,
    *COMPUTE,
    *UNITY,
    *TREE,
    *PERMISSIONS,
    *SECRETS,
    *ADDED,
)
# What happens in every workspace and is no drift.
QUIET: tuple[Injection, ...] = NOISE
