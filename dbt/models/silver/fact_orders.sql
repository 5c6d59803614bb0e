{{ config(unique_key='order_id') }}

{% set compared = ['customer_id', 'order_timestamp', 'status', 'country', 'updated_at', 'has_unknown_customer'] %}

with

orders as (

    select * from {{ ref('stg_orders') }}
    where
        is_usable
        and {{ to_be_read(['order_id'], recheck='has_unknown_customer', day=in_backfill('order_timestamp')) }}

),

customers as (

    select customer_id from {{ ref('dim_customers') }}

),

ranked as (

    select
        *,
        row_number() over (
            partition by order_id
            order by
                updated_at desc nulls last,
                ingestion_timestamp desc,
                source_file desc,
                source_line desc
        ) as recency
    from orders

),

latest as (

    select
        ranked.order_id,
        ranked.customer_id,
        ranked.order_timestamp,
        cast(ranked.order_timestamp as date) as order_date,
        ranked.status,
        ranked.country,
        ranked.updated_at,
        ranked.customer_id is null as is_guest,
        ranked.customer_id is not null and customers.customer_id is null as has_unknown_customer,
        ranked.ingestion_timestamp,
        ranked.source_file
    from ranked
    left join customers
        on ranked.customer_id = customers.customer_id
    where ranked.recency = 1

),

changed as (

    {{ changed_rows('latest', ['order_id'], ['updated_at', 'ingestion_timestamp'], compared) }}

),

stamped as (

    select
        *,
        current_timestamp() as dbt_updated_at
    from changed

)

select * from stamped
