"""Every kind of fault on every create of a deploy: after one more apply, is all of it there once and as declared?"""

from __future__ import annotations

import json
import re
import shutil
import tempfile
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from local.workspace.process import start
from scripts import toolchain
from scripts.bench.measurement import Measurement
from scripts.bench.terraform import environment, run_terraform
from scripts.errors import CommandError

if TYPE_CHECKING:
    from tests.faults import Fault, Proxy

_PLACES: Mapping[str, str] = {
    "databricks_job": "/api/2.2/jobs/create",
    "databricks_cluster_policy": "/api/2.0/policies/clusters/create",
    "databricks_secret_scope": "/api/2.0/secrets/scopes/create",
    "databricks_sql_endpoint": "/api/2.0/sql/warehouses",
    "databricks_query": "/api/2.0/sql/queries",
    "databricks_dashboard": "/api/2.0/lakeview/dashboards",
    "databricks_notification_destination": "/api/2.0/notification-destinations",
    "databricks_mlflow_experiment": "/api/2.0/mlflow/experiments/create",
}
_TASK = {"task_key": "a", "condition_task": {"left": "1", "op": "EQUAL_TO", "right": "1"}}
_RESOURCES: Mapping[str, Mapping[str, object]] = {
    "databricks_job": {"name": "bench", "task": [_TASK]},
    "databricks_cluster_policy": {"name": "bench", "definition": "{}"},
    "databricks_secret_scope": {"name": "bench"},
    "databricks_sql_endpoint": {"name": "bench", "cluster_size": "Small"},
    "databricks_query": {"display_name": "bench", "warehouse_id": "0", "query_text": "select 1"},
    "databricks_dashboard": {
        "display_name": "bench",
        "warehouse_id": "0",
        "parent_path": "/Shared",
        "serialized_dashboard": '{"pages": []}',
    },
    "databricks_notification_destination": {
        "display_name": "bench",
        "config": {"email": {"addresses": ["a@example.com"]}},
    },
    "databricks_mlflow_experiment": {"name": "/Shared/bench"},
}


@dataclass(frozen=True)
class _Verdict:
    """The resource types that one apply did not bring, and those that two did not leave there once, as declared."""

    first: frozenset[str]
    second: frozenset[str]


def measure_faults() -> list[Measurement]:
    """Deploy under each kind of fault, on a workspace of its own; the peer is a deploy that is not repeated."""
    kinds = _kinds()
    with tempfile.TemporaryDirectory(prefix="bench-faults-") as folder:
        template = _template(Path(folder) / "template")
        verdicts = {kind: _suffer(Path(folder) / kind, template, faults) for kind, faults in kinds.items()}
    made = len(kinds) * len(_PLACES)
    _show(verdicts)
    lost = sum(len(verdict.second) for verdict in verdicts.values())
    alone = sum(len(verdict.first) for verdict in verdicts.values())
    note = (
        f"{len(kinds)} kinds of fault on {len(_PLACES)} creates; floor: not there after one apply; there once and"
        " without a change in the plan after the next is what counts"
    )
    name = f"faults that a deploy does not get over, of {made}"
    return [Measurement(name, lost, alone, round(lost / max(1, alone), 2), 0.0, "faults", note)]


def _kinds() -> dict[str, list[Fault]]:
    """Return the faults of each kind: one on every create."""
    from tests.faults import Drop, Fault, Harm, Latency, Status

    harms: dict[str, tuple[Harm, bool]] = {
        "429 with Retry-After": (Status(429, retry_after=0), False),
        "429": (Status(429), False),
        "503": (Status(503), False),
        "500 before the effect": (Status(500), False),
        "500 after the effect": (Status(500), True),
        "reset before the effect": (Drop(), False),
        "reset after the effect": (Drop(), True),
        "late before the effect": (Latency(1), False),
        "late after the effect": (Latency(1), True),
    }
    return {
        kind: [Fault(harm, "POST", re.escape(path), after=after) for path in _PLACES.values()]
        for kind, (harm, after) in harms.items()
    }


def _template(folder: Path) -> Path:
    """Return an initialised folder that declares one resource of each type; every deploy works on a copy."""
    folder.mkdir()
    source = {"source": "databricks/databricks", "version": toolchain.PROVIDER_VERSION}
    resources = {kind: {"bench": arguments} for kind, arguments in _RESOURCES.items()}
    declared = {"terraform": {"required_providers": {"databricks": source}}, "resource": resources}
    (folder / "main.tf.json").write_text(json.dumps(declared))
    run_terraform(folder, environment("http://127.0.0.1:1", "none"), "init")
    return folder


def _suffer(folder: Path, template: Path, faults: list[Fault]) -> _Verdict:
    from tests.faults import through

    stack = Path(shutil.copytree(template, folder / "stack", symlinks=True))
    with start(folder / "workspace", arguments=["--no-driver"]) as workspace, through(workspace.host) as proxy:
        proxy.inject(*faults)
        variables = environment(proxy.host, workspace.token)
        first = _applied(stack, variables)
        proxy.heal()
        second = _applied(stack, variables)
        return _Verdict(first, second | _repeated(proxy))


def _applied(stack: Path, variables: Mapping[str, str]) -> frozenset[str]:
    """Apply, which may fail, and return the types whose resource is not as declared: what a plan would still do."""
    with suppress(CommandError):
        run_terraform(stack, variables, "apply", "-auto-approve")
    try:
        run_terraform(stack, variables, "plan", "-out=bench.tfplan")
    except CommandError:
        return frozenset(_PLACES)
    shown = json.loads(run_terraform(stack, variables, "show", "-json", "bench.tfplan"))
    return frozenset(each["type"] for each in shown["resource_changes"] if each["change"]["actions"] != ["no-op"])


def _repeated(proxy: Proxy) -> frozenset[str]:
    """Return the types of which the workspace made more than one and kept more than one."""
    made = Counter(each.path for each in proxy.requests if each.method == "POST" and each.status == 200)
    gone = Counter(each.path.replace("/delete", "/create") for each in proxy.requests if each.path.endswith("/delete"))
    return frozenset(kind for kind, path in _PLACES.items() if made[path] - gone[path] > 1)


def _show(verdicts: Mapping[str, _Verdict]) -> None:
    """Print what each kind of fault left, after one apply and after two."""
    print(f"{'fault on each create':<26}{'made':>6}{'left by one apply':>20}{'by two':>9}")
    for kind, verdict in verdicts.items():
        print(f"{kind:<26}{len(_PLACES):>6}{len(verdict.first):>20}{len(verdict.second):>9}")
