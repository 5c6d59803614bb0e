"""A local workspace with its warehouse, hand-written bronze rows, and the unmodified dbt."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml
from databricks import sql
from databricks.sdk import WorkspaceClient
from databricks.sql.client import Connection

from lakehouse import thresholds
from lakehouse.sources import SOURCES
from local.workspace.process import RunningWorkspace, start

REPOSITORY = Path(__file__).parents[2]
CATALOG = "ecommerce_local"
_ORIGIN = "ingestion_timestamp timestamp, source_file string, source_line int, batch_id bigint"


@dataclass(frozen=True)
class Lakehouse:
    """Bronze to fill, dbt to run, tables to read."""

    connection: Connection
    work: Path
    environment: dict[str, str]

    def rows(self, statement: str) -> list[tuple[object, ...]]:
        """Run a statement and return its rows."""
        with self.connection.cursor() as cursor:
            cursor.execute(statement)
            return [tuple(row) for row in cursor.fetchall()]

    def create_bronze(self) -> None:
        """Create the source tables without a row."""
        for source in SOURCES.values():
            columns = ", ".join(f"{column} string" for column in source.columns)
            self.rows(f"create table bronze.{source.name} ({columns}, {_ORIGIN}) using delta")

    def ingest(self, source: str, at: str, *lines: Sequence[str | None]) -> None:
        """Append lines of one file that was ingested at a moment."""
        values = ", ".join(
            f"({', '.join('null' if cell is None else repr(cell) for cell in line)}, timestamp '{at}',"
            f" '/Volumes/landing/{source}/{at[:10]}', {number}, 0)"
            for number, line in enumerate(lines, start=2)
        )
        self.rows(f"insert into bronze.{source} values {values}")

    def dbt(self, *arguments: str, **parameters: str) -> dict[str, str]:
        """Run dbt with the thresholds and a job's parameters as jobs do, and return the status of every node.

        A failing node fails the test.
        """
        variables = json.dumps({**thresholds.load().values_by_name(), **parameters})
        command = [REPOSITORY / ".venv/bin/dbt", *arguments, "--vars", variables]
        done = subprocess.run(
            command, cwd=REPOSITORY / "dbt", env=self.environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        results = json.loads((self.work / "target" / "run_results.json").read_text())["results"]
        return {result["unique_id"].split(".")[2]: result["status"] for result in results}

    def build(self, *, tests: bool) -> dict[str, str]:
        """Run every model and snapshot, with or without the data tests, in order of dependence."""
        return self.dbt("build", "--exclude-resource-type", "unit_test", *([] if tests else ["test"]))


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningWorkspace]:
    with start(tmp_path_factory.mktemp("dbt") / "root") as running:
        yield running


@pytest.fixture(scope="module")
def lakehouse(server: RunningWorkspace, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lakehouse]:
    client = WorkspaceClient(host=server.host, token=server.token, auth_type="pat")
    client.catalogs.create(CATALOG)
    for schema in ("bronze", "staging", "snapshots", "silver", "gold"):
        client.schemas.create(schema, CATALOG)
    made = client.warehouses.create(name="dbt", cluster_size="2X-Small", max_num_clusters=1, auto_stop_mins=10)
    address = server.host.partition("://")[2]
    path = f"/sql/1.0/warehouses/{made.id}"
    options = {
        "_connection_uri": f"https://{address}{path}",
        "_tls_trusted_ca_file": str(server.ca_file),
        "use_cloud_fetch": False,
        "enable_telemetry": False,
    }
    work = tmp_path_factory.mktemp("project")
    target = {
        "type": "databricks",
        "catalog": CATALOG,
        "host": address,
        "http_path": path,
        "token": server.token,
        "schema": "default",
        "threads": 4,
        "connection_parameters": options,
    }
    profile = {"ecommerce": {"target": "tests", "outputs": {"tests": target}}}
    (work / "profiles.yml").write_text(yaml.safe_dump(profile))
    environment = os.environ | {
        "DBT_PROFILES_DIR": str(work),
        "DBT_TARGET_PATH": str(work / "target"),
        "DBT_LOG_PATH": str(work / "log"),
        "DBT_USE_COLORS": "false",
        "DO_NOT_TRACK": "1",
        "REQUESTS_CA_BUNDLE": str(server.ca_file),
    }
    with sql.connect(
        server_hostname=address, http_path=path, access_token=server.token, catalog=CATALOG, **options
    ) as connection:
        yield Lakehouse(connection, work, environment)
