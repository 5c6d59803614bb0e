{{ config(materialized="table", file_format="delta") }}
select customer_id, cast(sum(amount) as decimal(12, 2)) as total, count(*) as orders
from {{ ref("fact_orders") }}
group by customer_id
