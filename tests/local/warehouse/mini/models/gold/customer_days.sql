{{
    config(
        materialized="incremental",
        incremental_strategy="delete+insert",
        unique_key=["customer_id", "order_date"],
        on_schema_change="fail",
        file_format="delta",
    )
}}
select customer_id, order_date, cast(sum(amount) as decimal(12, 2)) as total
from {{ ref("fact_orders") }}
{% if is_incremental() %}
where order_date >= date '2024-01-02'
{% endif %}
group by customer_id, order_date
