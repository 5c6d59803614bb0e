{{ config(materialized="view") }}
select order_id, customer_id, amount, ordered_at, cast(ordered_at as date) as order_date
from {{ ref("raw_orders") }}
where amount is not null
