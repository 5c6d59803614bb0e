terraform {
  required_providers {
    databricks = {
      source  = "databricks/databricks"
      version = "1.99.0"
    }
  }
}
variable "host" {}
variable "token" {}
provider "databricks" {
  host                  = var.host
  token                 = var.token
  auth_type             = "pat"
  rate_limit            = 500
  retry_timeout_seconds = 3
}
# end of head

data "databricks_current_user" "me" {}
data "databricks_current_config" "c" {}
data "databricks_spark_version" "lts" {
  long_term_support = true
}
data "databricks_node_type" "smallest" {
  local_disk = true
}
resource "databricks_cluster_policy" "p" {
  name       = "pol"
  definition = jsonencode({ "autotermination_minutes" : { "type" : "fixed", "value" : 20 } })
}
resource "databricks_instance_pool" "pool" {
  instance_pool_name                    = "pool"
  min_idle_instances                    = 0
  max_capacity                          = 5
  node_type_id                          = data.databricks_node_type.smallest.id
  idle_instance_autotermination_minutes = 10
}
resource "databricks_cluster" "c" {
  cluster_name            = "c"
  spark_version           = data.databricks_spark_version.lts.id
  node_type_id            = data.databricks_node_type.smallest.id
  autotermination_minutes = 20
  num_workers             = 3
  policy_id               = databricks_cluster_policy.p.id
  custom_tags             = { env = "dev" }
  spark_conf              = { "spark.x" = "1" }
}
resource "databricks_secret_scope" "s" {
  name = "sc"
}
resource "databricks_secret" "k" {
  scope        = databricks_secret_scope.s.name
  key          = "k"
  string_value = "v"
}
resource "databricks_secret_acl" "a" {
  scope      = databricks_secret_scope.s.name
  principal  = "users"
  permission = "READ"
}
resource "databricks_sql_endpoint" "w" {
  name                      = "wh"
  cluster_size              = "X-Small"
  max_num_clusters          = 1
  auto_stop_mins            = 10
  enable_serverless_compute = true
  warehouse_type            = "PRO"
  tags {
    custom_tags {
      key   = "env"
      value = "dev"
    }
  }
}
resource "databricks_directory" "d" {
  path = "/Shared/app/sql"
}
resource "databricks_query" "q" {
  display_name = "q1"
  warehouse_id = databricks_sql_endpoint.w.id
  query_text   = "select 11"
  parent_path  = databricks_directory.d.path
  description  = "d"
  tags         = ["a", "b"]
}
resource "databricks_query" "q_home" {
  display_name = "q2"
  warehouse_id = databricks_sql_endpoint.w.id
  query_text   = "select 2"
}
resource "databricks_alert" "al" {
  display_name = "a1"
  query_id     = databricks_query.q.id
  parent_path  = databricks_directory.d.path
  condition {
    op = "GREATER_THAN"
    operand {
      column {
        name = "v"
      }
    }
    threshold {
      value {
        double_value = 6
      }
    }
    empty_result_state = "OK"
  }
}
resource "databricks_alert_v2" "a2" {
  display_name       = "v2"
  query_text         = "select count(*) as c from t"
  warehouse_id       = databricks_sql_endpoint.w.id
  parent_path        = databricks_directory.d.workspace_path
  custom_summary     = "sum"
  custom_description = "desc {{ALERT_NAME}}"
  evaluation = {
    comparison_operator = "GREATER_THAN"
    source              = { name = "c", aggregation = "MAX" }
    threshold           = { value = { double_value = 0 } }
    empty_result_state  = "OK"
    notification = {
      notify_on_ok      = true
      retrigger_seconds = 60
      subscriptions     = [{ user_email = "b@example.com" }, { user_email = "a@example.com" }, { destination_id = databricks_notification_destination.email.id }]
    }
  }
  schedule = { quartz_cron_schedule = "0 0 6 * * ?", timezone_id = "America/New_York", pause_status = "UNPAUSED" }
}
resource "databricks_alert_v2" "min" {
  display_name = "v2min"
  query_text   = "select 1 as c"
  warehouse_id = databricks_sql_endpoint.w.id
  evaluation = {
    comparison_operator = "EQUAL"
    source              = { name = "c" }
    threshold           = { value = { string_value = "x" } }
  }
  schedule = { quartz_cron_schedule = "0 0 6 * * ?", timezone_id = "UTC" }
}
resource "databricks_dashboard" "inl" {
  display_name         = "dash1"
  warehouse_id         = databricks_sql_endpoint.w.id
  parent_path          = "/Shared/app/dash"
  serialized_dashboard = jsonencode({ pages = [{ name = "p", displayName = "PP" }], datasets = [] })
}
resource "databricks_dashboard" "file" {
  display_name = "dash2"
  warehouse_id = databricks_sql_endpoint.w.id
  parent_path  = "/Shared/app/dash"
  file_path    = "${path.module}/d.lvdash.json"
  depends_on   = [databricks_dashboard.inl]
}
resource "databricks_notebook" "n" {
  path           = "/Shared/app/nb/one"
  language       = "PYTHON"
  content_base64 = base64encode("print(11)")
}
resource "databricks_notebook" "n2" {
  path       = "/Shared/app/nb/two"
  source     = "${path.module}/two.py"
  depends_on = [databricks_notebook.n]
}
resource "databricks_workspace_file" "f" {
  path           = "/Shared/app/files/dbt_project.yml"
  content_base64 = base64encode("name: xx")
}
resource "databricks_notification_destination" "email" {
  display_name = "mail"
  config {
    email {
      addresses = ["a@example.com"]
    }
  }
}
resource "databricks_notification_destination" "hook" {
  display_name = "hook"
  config {
    generic_webhook {
      url      = "https://example.com/h"
      username = "u"
      password = "p"
    }
  }
}
resource "databricks_job" "bronze" {
  name                = "bronze"
  description         = "d"
  tags                = { env = "prod", layer = "bronze" }
  max_concurrent_runs = 1
  timeout_seconds     = 14400
  schedule {
    quartz_cron_expression = "0 0 4 * * ?"
    timezone_id            = "America/New_York"
  }
  email_notifications {
    on_failure = ["a@example.com"]
  }
  webhook_notifications {
    on_failure {
      id = databricks_notification_destination.hook.id
    }
  }
  notification_settings {
    no_alert_for_skipped_runs = true
  }
  health {
    rules {
      metric = "RUN_DURATION_SECONDS"
      op     = "GREATER_THAN"
      value  = 7200
    }
  }
  queue {
    enabled = true
  }
  parameter {
    name    = "p1"
    default = "x"
  }
  parameter {
    name    = "a0"
    default = "y"
  }
  job_cluster {
    job_cluster_key = "jc"
    new_cluster {
      spark_version      = data.databricks_spark_version.lts.id
      node_type_id       = data.databricks_node_type.smallest.id
      num_workers        = 2
      policy_id          = databricks_cluster_policy.p.id
      data_security_mode = "SINGLE_USER"
    }
  }
  task {
    task_key            = "a_mount"
    existing_cluster_id = databricks_cluster.c.id
    notebook_task {
      notebook_path   = databricks_notebook.n.path
      base_parameters = { x = "1" }
    }
    max_retries               = 3
    min_retry_interval_millis = 60000
    retry_on_timeout          = true
    timeout_seconds           = 3600
  }
  task {
    task_key        = "b_ingest"
    job_cluster_key = "jc"
    depends_on {
      task_key = "a_mount"
    }
    notebook_task {
      notebook_path = databricks_notebook.n2.path
    }
    library {
      pypi {
        package = "x==1"
      }
    }
    email_notifications {
      on_failure = ["a@example.com"]
    }
    notification_settings {
      alert_on_last_attempt = true
    }
    health {
      rules {
        metric = "RUN_DURATION_SECONDS"
        op     = "GREATER_THAN"
        value  = 60
      }
    }
  }
}
resource "databricks_job" "silver" {
  name = "silver"
  environment {
    environment_key = "default"
    spec {
      environment_version = "2"
      dependencies        = ["dbt-databricks>=1.8,<2"]
    }
  }
  task {
    task_key        = "dbt"
    environment_key = "default"
    dbt_task {
      commands          = ["dbt deps", "dbt run"]
      project_directory = "/Workspace/Shared/app/files"
      warehouse_id      = databricks_sql_endpoint.w.id
      catalog           = "main"
      schema            = "silver"
      source            = "WORKSPACE"
    }
    disable_auto_optimization = true
    max_retries               = 1
  }
  task {
    task_key        = "dbt_test"
    environment_key = "default"
    depends_on {
      task_key = "dbt"
    }
    run_if = "ALL_DONE"
    dbt_task {
      commands          = ["dbt test", "dbt docs generate"]
      project_directory = "/Workspace/Shared/app/files"
      warehouse_id      = databricks_sql_endpoint.w.id
    }
  }
}
resource "databricks_job" "orch" {
  name = "orch"
  task {
    task_key = "a"
    run_job_task {
      job_id         = databricks_job.bronze.id
      job_parameters = { p1 = "z" }
    }
  }
  task {
    task_key = "b"
    depends_on {
      task_key = "a"
    }
    run_job_task {
      job_id = databricks_job.silver.id
    }
  }
  task {
    task_key = "c"
    depends_on {
      task_key = "b"
    }
    condition_task {
      left  = "1"
      op    = "EQUAL_TO"
      right = "1"
    }
  }
  task {
    task_key = "d"
    depends_on {
      task_key = "c"
      outcome  = "true"
    }
    sql_task {
      warehouse_id = databricks_sql_endpoint.w.id
      alert {
        alert_id = databricks_alert.al.id
        subscriptions {
          user_name = "a@example.com"
        }
      }
    }
  }
  task {
    task_key = "e"
    depends_on {
      task_key = "d"
    }
    sql_task {
      warehouse_id = databricks_sql_endpoint.w.id
      query {
        query_id = databricks_query.q.id
      }
    }
  }
  task {
    task_key = "f"
    depends_on {
      task_key = "e"
    }
    for_each_task {
      inputs      = "[1,2]"
      concurrency = 2
      task {
        task_key = "f_it"
        notebook_task {
          notebook_path = databricks_notebook.n.path
        }
      }
    }
  }
  task {
    task_key = "g"
    depends_on {
      task_key = "f"
    }
    dashboard_task {
      dashboard_id = databricks_dashboard.inl.id
      warehouse_id = databricks_sql_endpoint.w.id
      subscription {
        subscribers {
          user_name = "a@example.com"
        }
      }
    }
  }
}
resource "databricks_permissions" "job" {
  job_id = databricks_job.bronze.id
  access_control {
    group_name       = "users"
    permission_level = "CAN_VIEW"
  }
  access_control {
    group_name       = "eng"
    permission_level = "CAN_MANAGE"
  }
}
resource "databricks_permissions" "wh" {
  sql_endpoint_id = databricks_sql_endpoint.w.id
  access_control {
    group_name       = "users"
    permission_level = "CAN_USE"
  }
}
resource "databricks_permissions" "dir" {
  directory_path = databricks_directory.d.path
  access_control {
    group_name       = "users"
    permission_level = "CAN_READ"
  }
}
resource "databricks_permissions" "nb" {
  notebook_path = databricks_notebook.n.path
  access_control {
    group_name       = "users"
    permission_level = "CAN_RUN"
  }
}
resource "databricks_permissions" "q" {
  sql_query_id = databricks_query.q.id
  access_control {
    group_name       = "users"
    permission_level = "CAN_RUN"
  }
}
resource "databricks_permissions" "al" {
  sql_alert_id = databricks_alert.al.id
  access_control {
    group_name       = "users"
    permission_level = "CAN_RUN"
  }
}
resource "databricks_permissions" "a2" {
  alert_v2_id = databricks_alert_v2.a2.id
  access_control {
    group_name       = "users"
    permission_level = "CAN_RUN"
  }
}
resource "databricks_permissions" "dash" {
  dashboard_id = databricks_dashboard.inl.id
  access_control {
    group_name       = "users"
    permission_level = "CAN_READ"
  }
}
resource "databricks_permissions" "cl" {
  cluster_id = databricks_cluster.c.id
  access_control {
    group_name       = "users"
    permission_level = "CAN_ATTACH_TO"
  }
}
resource "databricks_permissions" "pol" {
  cluster_policy_id = databricks_cluster_policy.p.id
  access_control {
    group_name       = "users"
    permission_level = "CAN_USE"
  }
}
resource "databricks_storage_credential" "sc" {
  name = "cred"
  aws_iam_role {
    role_arn = "arn:aws:iam::1:role/x"
  }
  comment = "c"
}
resource "databricks_external_location" "el" {
  name            = "loc"
  url             = "s3://b/p"
  credential_name = databricks_storage_credential.sc.id
}
resource "databricks_catalog" "cat" {
  name       = "shop"
  comment    = "c"
  properties = { a = "b" }
}
resource "databricks_schema" "sch" {
  catalog_name = databricks_catalog.cat.name
  name         = "bronze"
  comment      = "cc"
}
resource "databricks_volume" "v" {
  catalog_name = databricks_catalog.cat.name
  schema_name  = databricks_schema.sch.name
  name         = "raw"
  volume_type  = "MANAGED"
}
resource "databricks_registered_model" "m" {
  catalog_name = databricks_catalog.cat.name
  schema_name  = databricks_schema.sch.name
  name         = "churn"
}
resource "databricks_mlflow_experiment" "e" {
  name       = "/Shared/app/exp"
  depends_on = [databricks_directory.d]
}
output "me" {
  value = data.databricks_current_user.me.user_name
}
output "cfg" {
  value = data.databricks_current_config.c
}
output "url" {
  value = databricks_job.bronze.url
}
