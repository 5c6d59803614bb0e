{{ config(materialized="table", file_format="delta") }}
select order_id, amount from {{ ref("stg_orders") }} where amount <= {{ var("limit", 15) }}
