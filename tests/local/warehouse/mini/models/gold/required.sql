{{ config(materialized="table", file_format="delta") }}
select order_id, nullif(order_id, {{ var("missing", 0) }}) as known from {{ ref("stg_orders") }}
