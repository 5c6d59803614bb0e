{{ config(unique_key=['order_id', 'line_number']) }}

{% set compared = ['product_id', 'quantity', 'unit_price', 'has_unknown_order', 'has_unknown_product'] %}

with

order_items as (

    select * from {{ ref('stg_order_items') }}
    where
        is_usable
        and {{ to_be_read(
            ['order_id', 'line_number'],
            recheck='has_unknown_order or has_unknown_product',
            day='order_id in (select order_id from ' ~ ref('fact_orders') ~ ' where ' ~ in_backfill('order_date') ~ ')'
        ) }}

),

orders as (

    select order_id from {{ ref('fact_orders') }}

),

products as (

    select product_id from {{ ref('dim_products') }}

),

ranked as (

    select
        *,
        row_number() over (
            partition by order_id, line_number
            order by
                ingestion_timestamp desc,
                source_file desc,
                source_line desc
        ) as recency
    from order_items

),

latest as (

    select
        ranked.order_id,
        ranked.line_number,
        ranked.product_id,
        ranked.quantity,
        ranked.unit_price,
        cast(ranked.quantity * ranked.unit_price as decimal(18, 4)) as line_amount,
        orders.order_id is null as has_unknown_order,
        products.product_id is null as has_unknown_product,
        ranked.ingestion_timestamp,
        ranked.source_file
    from ranked
    left join orders
        on ranked.order_id = orders.order_id
    left join products
        on ranked.product_id = products.product_id
    where ranked.recency = 1

),

changed as (

    {{ changed_rows('latest', ['order_id', 'line_number'], ['ingestion_timestamp', 'source_file'], compared) }}

),

stamped as (

    select
        *,
        current_timestamp() as dbt_updated_at
    from changed

)

select * from stamped
