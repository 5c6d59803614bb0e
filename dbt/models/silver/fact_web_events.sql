{{ config(unique_key='event_id') }}

{% set compared = [
    'event_type', 'event_timestamp', 'session_id', 'customer_id', 'product_id', 'page',
    'has_unknown_customer', 'has_unknown_product'
] %}

with

web_events as (

    select * from {{ ref('stg_web_events') }}
    where
        is_usable
        and {{ to_be_read(
            ['event_id'], recheck='has_unknown_customer or has_unknown_product', day=in_backfill('event_timestamp')
        ) }}

),

customers as (

    select customer_id from {{ ref('dim_customers') }}

),

products as (

    select product_id from {{ ref('dim_products') }}

),

ranked as (

    select
        *,
        row_number() over (
            partition by event_id
            order by
                ingestion_timestamp desc,
                source_file desc,
                source_line desc
        ) as recency
    from web_events

),

latest as (

    select
        ranked.event_id,
        ranked.event_type,
        ranked.event_timestamp,
        cast(ranked.event_timestamp as date) as event_date,
        ranked.session_id,
        ranked.customer_id,
        ranked.product_id,
        ranked.page,
        ranked.customer_id is not null and customers.customer_id is null as has_unknown_customer,
        ranked.product_id is not null and products.product_id is null as has_unknown_product,
        ranked.ingestion_timestamp,
        ranked.source_file
    from ranked
    left join customers
        on ranked.customer_id = customers.customer_id
    left join products
        on ranked.product_id = products.product_id
    where ranked.recency = 1

),

changed as (

    {{ changed_rows('latest', ['event_id'], ['ingestion_timestamp', 'source_file'], compared) }}

),

stamped as (

    select
        *,
        current_timestamp() as dbt_updated_at
    from changed

)

select * from stamped
