{{ config(materialized='ephemeral') }}

with

products as (

    select * from {{ ref('stg_products') }}
    where is_usable

),

ranked as (

    select
        *,
        row_number() over (
            partition by product_id
            order by
                updated_at desc nulls last,
                ingestion_timestamp desc,
                source_file desc,
                source_line desc
        ) as recency
    from products

),

latest as (

    select
        product_id,
        name,
        category,
        unit_price,
        updated_at,
        ingestion_timestamp,
        source_file
    from ranked
    where recency = 1

)

select * from latest
