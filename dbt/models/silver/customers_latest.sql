{{ config(materialized='ephemeral') }}

with

customers as (

    select * from {{ ref('stg_customers') }}
    where is_usable

),

ranked as (

    select
        *,
        row_number() over (
            partition by customer_id
            order by
                updated_at desc nulls last,
                ingestion_timestamp desc,
                source_file desc,
                source_line desc
        ) as recency
    from customers

),

latest as (

    select
        customer_id,
        email,
        first_name,
        last_name,
        country,
        created_at,
        updated_at,
        ingestion_timestamp,
        source_file
    from ranked
    where recency = 1

)

select * from latest
