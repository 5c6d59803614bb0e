"""Unity Catalog: databricks_catalog, _schema, _volume, _registered_model, _storage_credential, _external_location."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from local.provider.resource import Api, Created, Journaled, Object, Resource, Rules, nothing_more
from local.provider.resources.common import found_or_none, same_url
from local.provider.schema import Block, block, many, one
from local.provider.translate import to_api
from local.provider.values import Values, is_zero

_UNITY = "/api/2.1/unity-catalog"
_DELETE_OPTIONS = frozenset({"force_destroy", "force_update", "skip_validation"})


@dataclass(frozen=True)
class _Securable:
    """One kind of Unity Catalog object: its full name is its id, and every kind speaks the same calls."""

    collection: str
    schema: Block
    name_parts: tuple[str, ...]
    rules: Rules
    ask_metastore: bool = False

    @property
    def url(self) -> str:
        """Where the collection is."""
        return f"{_UNITY}/{self.collection}"

    def name(self, planned: Values) -> str:
        """Return the full name."""
        return ".".join(str(planned[part]) for part in self.name_parts)

    def create(self, api: Api, planned: Values) -> Created:
        """Make the object."""
        api.post(self.url, to_api(self.schema, planned, self.rules), repeatable=False)
        return Created(self.name(planned))

    def read(self, api: Api, state: Values) -> Object | None:
        """Return the object as it is, or None."""
        return found_or_none(lambda: api.get(f"{self.url}/{state['id']}"))

    def update(self, api: Api, prior: Values, planned: Values) -> None:
        """Patch what may change, and say what is taken away: what a patch does not name stays as it was."""
        fixed = {*self.name_parts, *self.rules.immutable}
        body = {name: value for name, value in to_api(self.schema, planned, self.rules).items() if name not in fixed}
        api.patch(f"{self.url}/{prior['id']}", body | _cleared(self.schema, prior, planned, fixed))

    def delete(self, api: Api, prior: Values) -> None:
        """Delete the object, with what is in it if that was asked for."""
        if self.ask_metastore:
            api.get(f"{_UNITY}/current-metastore-assignment")
        api.delete(f"{self.url}/{prior['id']}", **({"force": "true"} if prior.get("force_destroy") else {}))

    def resource(self, settle: Callable[[Api, str, Values], None] = nothing_more) -> Resource:
        """Return the resource type."""
        return Resource(
            schema=self.schema,
            rules=self.rules,
            create=self.create,
            settle=settle,
            read=self.read,
            update=self.update,
            delete=self.delete,
            journal=Journaled(self.name, lambda api, planned: [self.name(planned)]),
        )


def _cleared(schema: Block, prior: Values, planned: Values, fixed: Iterable[str]) -> Object:
    """Return the empty values of what the configuration no longer says."""
    empty: Object = {}
    for name, attribute in schema.attributes.items():
        ours = attribute.optional and not attribute.computed and name not in fixed and name not in _DELETE_OPTIONS
        if ours and is_zero(planned[name]) and not is_zero(prior[name]):
            empty[name] = {"string": "", "bool": False, "number": 0}.get(str(attribute.type), {})
    return empty


def _drop_default_schema(api: Api, identity: str, planned: Values) -> None:
    """A new catalog comes with a schema that nobody declared."""
    api.delete(f"{_UNITY}/schemas/{identity}.default")


def _rules(immutable: str, *, local: str = "") -> Rules:
    return Rules(immutable=frozenset(immutable.split()), local=frozenset({"force_destroy", *local.split()}))


_QUEUE = "queue_url"
_CATALOG = _Securable(
    "catalogs",
    block(
        "browse_only:bool catalog_type= comment connection_name created_at:number= created_by= "
        "enable_predictive_optimization~ force_destroy:bool full_name= id~ isolation_mode~ metastore_id~ name "
        "options:map owner~ properties:map provider_name securable_type= share_name storage_location= storage_root "
        "updated_at:number= updated_by=",
        effective_predictive_optimization_flag=one("inherited_from_name inherited_from_type value!"),
        provisioning_info=one("state"),
    ),
    ("name",),
    rules=_rules(
        "name connection_name metastore_id provider_name share_name storage_root",
        local="effective_predictive_optimization_flag provisioning_info",
    ),
    ask_metastore=True,
)
_SCHEMA = _Securable(
    "schemas",
    block(
        "catalog_name! comment enable_predictive_optimization~ force_destroy:bool id~ metastore_id~ name! owner~ "
        "properties:map schema_id= storage_root"
    ),
    ("catalog_name", "name"),
    rules=_rules("catalog_name metastore_id name storage_root"),
    ask_metastore=True,
)
_VOLUME_SCHEMA = block(
    "catalog_name! comment id~ name! owner~ schema_name! storage_location~ volume_path= volume_type!"
)
_VOLUME = _Securable(
    "volumes",
    _VOLUME_SCHEMA,
    ("catalog_name", "schema_name", "name"),
    rules=Rules(
        immutable=frozenset({"catalog_name", "schema_name", "name", "volume_type", "storage_location"}),
        equal={"storage_location": same_url},
    ),
)
_MODEL = _Securable(
    "models",
    block(
        "browse_only:bool catalog_name comment created_at:number~ created_by~ full_name~ id~ metastore_id~ name owner~ "
        "schema_name storage_location~ updated_at:number~ updated_by~",
        aliases=many("alias_name catalog_name id model_name schema_name version_num:number"),
    ),
    ("catalog_name", "schema_name", "name"),
    rules=_rules("catalog_name schema_name name storage_location", local="aliases"),
)
_CREDENTIAL = _Securable(
    "storage-credentials",
    block(
        "comment force_destroy:bool force_update:bool id~ isolation_mode~ metastore_id~ name! owner~ read_only:bool "
        "skip_validation:bool storage_credential_id=",
        aws_iam_role=one("external_id~ role_arn! unity_catalog_iam_arn~"),
        azure_managed_identity=one("access_connector_id! credential_id~ managed_identity_id"),
        azure_service_principal=one("application_id! client_secret!* directory_id!"),
        cloudflare_api_token=one("access_key_id! account_id! secret_access_key!*"),
        databricks_gcp_service_account=one("credential_id~ email~"),
        gcp_service_account_key=one("email! private_key!* private_key_id!"),
    ),
    ("name",),
    rules=_rules("name metastore_id"),
    ask_metastore=True,
)
_LOCATION = _Securable(
    "external-locations",
    block(
        "browse_only:bool= comment created_at:number= created_by= credential_id= credential_name! "
        "enable_file_events:bool fallback:bool force_destroy:bool force_update:bool id~ isolation_mode~ "
        "metastore_id~ name! owner~ read_only:bool skip_validation:bool updated_at:number= updated_by= url!",
        encryption_details=one(sse_encryption_details=one("algorithm aws_kms_key_arn")),
        file_event_queue=one(
            managed_aqs=one(f"managed_resource_id= {_QUEUE} resource_group! subscription_id!"),
            managed_pubsub=one("managed_resource_id= subscription_name"),
            managed_sqs=one(f"managed_resource_id= {_QUEUE}"),
            provided_aqs=one(f"managed_resource_id= {_QUEUE}! resource_group subscription_id"),
            provided_pubsub=one("managed_resource_id= subscription_name!"),
            provided_sqs=one(f"managed_resource_id= {_QUEUE}!"),
        ),
    ),
    ("name",),
    rules=Rules(
        immutable=frozenset({"name", "metastore_id"}),
        local=frozenset({"force_destroy"}),
        equal={"url": same_url},
    ),
    ask_metastore=True,
)

RESOURCES = {
    "databricks_catalog": _CATALOG.resource(_drop_default_schema),
    "databricks_schema": _SCHEMA.resource(),
    "databricks_volume": _VOLUME.resource(),
    "databricks_registered_model": _MODEL.resource(),
    "databricks_storage_credential": _CREDENTIAL.resource(),
    "databricks_external_location": _LOCATION.resource(),
}
