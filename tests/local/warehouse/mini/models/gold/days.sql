{{
    config(
        materialized="incremental",
        incremental_strategy="insert_overwrite",
        partition_by="order_date",
        file_format="delta",
        databricks_tags={"team": "data"},
        grants={"select": ["analysts"]},
    )
}}
select order_date, count(*) as orders, {{ var("round", 1) }} as round
from {{ ref("fact_orders") }}
{% if is_incremental() %}
where order_date >= date '2024-01-02'
{% endif %}
group by order_date
