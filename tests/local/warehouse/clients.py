"""The SQL connector as a client of a running workspace."""

from __future__ import annotations

from dataclasses import dataclass

from databricks import sql
from databricks.sdk.service.sql import StatementResponse
from databricks.sql.client import Connection

from local.workspace.process import RunningWorkspace

CATALOG = "ecommerce_local"


@dataclass(frozen=True)
class Warehouse:
    """A SQL warehouse of a running workspace."""

    server: RunningWorkspace
    id: str
    # Answers from before Spark had started: to a statement that waits on, and to one that does not.
    early: tuple[StatementResponse, ...] = ()

    @property
    def address(self) -> str:
        return self.server.host.partition("://")[2]

    @property
    def path(self) -> str:
        return f"/sql/1.0/warehouses/{self.id}"

    @property
    def connection_parameters(self) -> dict[str, object]:
        return {
            "_connection_uri": f"https://{self.address}{self.path}",
            "_tls_trusted_ca_file": str(self.server.ca_file),
            "_retry_stop_after_attempts_count": 2,
            "_retry_delay_max": 5,
            "use_cloud_fetch": False,
            "enable_telemetry": False,
        }

    def connect(self, **options: object) -> Connection:
        return sql.connect(
            server_hostname=self.address,
            http_path=self.path,
            access_token=self.server.token,
            **{"catalog": CATALOG, **self.connection_parameters, **options},
        )
