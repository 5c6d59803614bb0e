"""The environments the platform is deployed to: values only, nothing here looks anything up."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

OrchestrationMode = Literal["master", "staggered"]
WarehouseSize = Literal["2X-Small", "X-Small", "Small", "Medium", "Large"]

_APPLICATION_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_ADDRESS = re.compile(r"[a-z0-9._+-]+@[a-z0-9-]+(\.[a-z0-9-]+)+")


class ConfigurationError(ValueError):
    """An environment that must not be deployed as it stands."""


@dataclass(frozen=True)
class LocalState:
    """Terraform state in a folder of this machine; a relative folder counts from the repository root."""

    folder: Path


@dataclass(frozen=True)
class AzureState:
    """Terraform state in an Azure storage container, reached with the OIDC token of whoever deploys."""

    resource_group: str
    storage_account: str
    container: str


@dataclass(frozen=True)
class Recipients:
    """Who is written to, per audience."""

    data_team: tuple[str, ...]
    business_team: tuple[str, ...]
    on_call: tuple[str, ...]

    def __post_init__(self) -> None:
        for address in (*self.data_team, *self.business_team, *self.on_call):
            # The workspace lower-cases addresses; one with capitals would be a change in every plan.
            if not _ADDRESS.fullmatch(address):
                raise ConfigurationError(f"recipients: {address!r} is not a lower-case e-mail address")
        if not self.data_team:
            raise ConfigurationError("recipients: data_team is empty, nobody would hear of a failure")


@dataclass(frozen=True)
class MailServer:
    """Where the digest hands in its mail, by STARTTLS, as `sender`; the password is in secret scope `email`."""

    host: str
    port: int
    sender: str

    def __post_init__(self) -> None:
        if not self.host or not 0 < self.port < 65536:
            raise ConfigurationError(f"mail: {self.host!r}:{self.port} is no mail server")
        if not _ADDRESS.fullmatch(self.sender):
            raise ConfigurationError(f"mail: sender {self.sender!r} is not a lower-case e-mail address")


@dataclass(frozen=True, kw_only=True)
class Environment:
    """One place the platform runs in. Anything that is not `prod` cannot be constructed unsafe."""

    name: str
    catalog: str
    name_prefix: str
    schedules_on: bool
    keep_data: bool  # a destroy stops at tables instead of dropping them
    # Terraform refuses to destroy what holds data or is referred to from outside, and people do not deploy.
    protected: bool
    orchestration: OrchestrationMode
    run_as: str | None
    recipients: Recipients
    mail: MailServer | None  # without one the digest is shown in its run and mailed to nobody
    node_type: str
    spark_version: str
    workers: int
    warehouse_size: WarehouseSize
    state: LocalState | AzureState

    def __post_init__(self) -> None:
        if self.run_as is not None and not _APPLICATION_ID.fullmatch(self.run_as):
            raise ConfigurationError(
                f"Environment '{self.name}': run_as {self.run_as!r} is not the application id of a service principal"
            )
        if self.workers < 1:
            raise ConfigurationError(f"Environment '{self.name}': workers is {self.workers}, at least 1 is needed")
        if self.mail is None and not isinstance(self.state, LocalState):
            raise ConfigurationError(
                f"Environment '{self.name}': mail is None, only a workspace of this machine goes without a mail server"
            )
        if self.name == "prod":
            if not self.keep_data:
                raise ConfigurationError("Environment 'prod': keep_data is off, a destroy would drop every table")
            return
        if not self.name_prefix:
            raise ConfigurationError(f"Environment '{self.name}': name_prefix is empty, only prod goes without one")
        if self.schedules_on:
            raise ConfigurationError(f"Environment '{self.name}': schedules_on is set, only prod runs by the clock")
        if self.recipients.business_team or self.recipients.on_call:
            raise ConfigurationError(f"Environment '{self.name}': only the data team may be written to outside prod")

    @property
    def workspace_root(self) -> str:
        """Folder of everything we deploy, as the workspace API names it (no `/Workspace` in front)."""
        return f"/Shared/ecommerce/{self.name}"

    @property
    def tags(self) -> dict[str, str]:
        """What every billable thing carries."""
        return {"environment": self.name, "project": "ecommerce"}

    def display_name(self, name: str) -> str:
        """Name a thing as people see it in this environment."""
        return f"{self.name_prefix}{name}"

    def require_run_as(self) -> None:
        """Refuse production without a service principal: its jobs would run as whoever deployed last."""
        if self.name == "prod" and self.run_as is None:
            raise ConfigurationError(
                "Environment 'prod' has no run-as service principal: set run_as in infra/environments.py"
                " or ECOM_RUN_AS to its application id"
            )


_DATA_TEAM_ONLY = Recipients(data_team=("data-team@example.com",), business_team=(), on_call=())
_MAIL = MailServer("smtp.example.com", 587, "ecommerce-monitoring@example.com")
_AZURE_STATE = AzureState("rg-ecommerce-terraform", "stecommercetfstate", "tfstate")
_SPARK = "18.x-scala2.13"  # LTS with Spark 4.1, the version the local workspace runs

LOCAL = Environment(
    name="local",
    catalog="ecommerce_local",
    name_prefix="[local] ",
    schedules_on=False,
    keep_data=False,
    protected=False,
    orchestration="master",
    run_as=None,
    recipients=_DATA_TEAM_ONLY,
    mail=None,
    node_type="Standard_D4ds_v5",
    spark_version=_SPARK,
    workers=1,
    warehouse_size="2X-Small",
    state=LocalState(Path(".local/state")),
)

DEV = Environment(
    name="dev",
    catalog="ecommerce_dev",
    name_prefix="[dev] ",
    schedules_on=False,
    keep_data=False,
    protected=False,
    orchestration="master",
    run_as=None,
    recipients=_DATA_TEAM_ONLY,
    mail=_MAIL,
    node_type="Standard_D4ds_v5",
    spark_version=_SPARK,
    workers=1,
    warehouse_size="2X-Small",
    state=_AZURE_STATE,
)

STAGING = Environment(
    name="staging",
    catalog="ecommerce_staging",
    name_prefix="[staging] ",
    schedules_on=False,
    keep_data=False,
    protected=False,
    orchestration="master",
    run_as=None,
    recipients=_DATA_TEAM_ONLY,
    mail=_MAIL,
    node_type="Standard_D4ds_v5",
    spark_version=_SPARK,
    workers=2,
    warehouse_size="X-Small",
    state=_AZURE_STATE,
)

PROD = Environment(
    name="prod",
    catalog="ecommerce_prod",
    name_prefix="",
    schedules_on=True,
    keep_data=True,
    protected=True,
    orchestration="master",
    run_as=None,  # the application id of the platform's service principal; prod does not synthesize without one
    recipients=Recipients(
        data_team=("data-team@example.com",),
        business_team=("business-team@example.com",),
        on_call=("on-call@example.com",),
    ),
    mail=_MAIL,
    node_type="Standard_D8ds_v5",
    spark_version=_SPARK,
    workers=4,
    warehouse_size="Small",
    state=_AZURE_STATE,
)

ENVIRONMENTS: dict[str, Environment] = {each.name: each for each in (LOCAL, DEV, STAGING, PROD)}
