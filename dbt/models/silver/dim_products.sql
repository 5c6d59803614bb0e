{{ config(materialized='table') }}

with

history as (

    select * from {{ ref('products_history') }}

),

current_rows as (

    select
        product_id,
        name,
        category,
        unit_price,
        updated_at,
        dbt_valid_from as valid_from,
        dbt_updated_at
    from history
    where dbt_valid_to is null

)

select * from current_rows
