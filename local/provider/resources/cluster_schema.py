"""The cluster specification: the body of a cluster, and of every `new_cluster` in a job."""

from __future__ import annotations

from local.provider.schema import Nested, bag, many, one

_S3 = one("destination! canned_acl enable_encryption:bool encryption_type endpoint kms_key region")
_DESTINATION = one("destination!")
_WORKSPACE_ID = one("workspace_id!")
_CRAN = one("package! repo")
_MAVEN = one("coordinates! exclusions:list repo")
_PYPI = one("package! repo")
_LIBRARY_WORDS = "egg jar requirements whl"

LIBRARY = many(_LIBRARY_WORDS, cran=_CRAN, maven=_MAVEN, pypi=_PYPI, provider_config=_WORKSPACE_ID)
_JOB_CLUSTER_LIBRARY = bag(_LIBRARY_WORDS, cran=_CRAN, maven=_MAVEN, pypi=_PYPI, provider_config=_WORKSPACE_ID)
_CLUSTER_LIBRARY = bag(_LIBRARY_WORDS, cran=_CRAN, maven=_MAVEN, pypi=_PYPI)

_WORDS = """
    apply_policy_default_values:bool cluster_name custom_tags:map idempotency_token instance_pool_id is_single_node:bool
    kind policy_id remote_disk_throughput:number runtime_engine single_user_name spark_conf:map spark_env_vars:map
    ssh_public_keys:list total_initial_remote_disk_size:number use_ml_runtime:bool
"""
# What the workspace fills in where the configuration is silent.
FILLED_IN = (
    "data_security_mode",
    "driver_instance_pool_id",
    "driver_node_type_id",
    "enable_elastic_disk",
    "enable_local_disk_encryption",
    "node_type_id",
)


def words(*, in_job: bool) -> str:
    """Return the attributes of a cluster specification.

    In a job they are not computed: Terraform pairs list items by position, so a computed value would move to
    another task's cluster when a task is inserted before it.
    """
    flag = "" if in_job else "~"
    filled = (f"{name}:bool{flag}" if name.startswith("enable") else f"{name}{flag}" for name in FILLED_IN)
    return f"{_WORDS} {' '.join(filled)}"


def parts(*, in_job: bool) -> dict[str, Nested]:
    """Return the blocks of a cluster specification."""
    return {
        "autoscale": one("max_workers:number min_workers:number"),
        "aws_attributes": one(
            "availability ebs_volume_count:number ebs_volume_iops:number ebs_volume_size:number "
            "ebs_volume_throughput:number ebs_volume_type first_on_demand:number instance_profile_arn "
            "spot_bid_price_percent:number zone_id"
        ),
        "azure_attributes": one(
            "availability first_on_demand:number spot_bid_max_price:number",
            log_analytics_info=one("log_analytics_primary_key log_analytics_workspace_id"),
        ),
        "cluster_log_conf": one(dbfs=_DESTINATION, s3=_S3, volumes=_DESTINATION),
        "cluster_mount_info": many(
            "local_mount_dir_path! remote_mount_dir_path",
            network_filesystem_info=one("mount_options server_address!", required=True),
        ),
        "docker_image": one("url!", basic_auth=one("password!* username!")),
        "gcp_attributes": one(
            "availability boot_disk_size:number first_on_demand:number google_service_account "
            "local_ssd_count:number use_preemptible_executors:bool zone_id"
        ),
        "init_scripts": many(
            most=10,
            abfss=_DESTINATION,
            dbfs=_DESTINATION,
            file=_DESTINATION,
            gcs=_DESTINATION,
            s3=_S3,
            volumes=_DESTINATION,
            workspace=_DESTINATION,
        ),
        "library": _JOB_CLUSTER_LIBRARY if in_job else _CLUSTER_LIBRARY,
        "provider_config": _WORKSPACE_ID,
        "workload_type": one(clients=one("jobs:bool notebooks:bool", required=True)),
    }


def new_cluster(*, required: bool = False, allow_list: bool = False) -> Nested:
    """Return the `new_cluster` block of a job."""
    attributes = f"{words(in_job=True)} cluster_id num_workers:number spark_version"
    if allow_list:
        attributes += " __apply_policy_default_values_allow_list:list"
    return one(attributes, required=required, **parts(in_job=True))
