{{ config(materialized='table') }}

with

history as (

    select * from {{ ref('customers_history') }}

),

current_rows as (

    select
        customer_id,
        email,
        first_name,
        last_name,
        country,
        created_at,
        updated_at,
        dbt_valid_from as valid_from,
        dbt_updated_at
    from history
    where dbt_valid_to is null

)

select * from current_rows
