with

source as (

    select * from {{ source('bronze', 'products') }}

),

cleaned as (

    select
        {{ text('product_id') }} as product_id,
        {{ text('name') }} as name,
        {{ text('category') }} as category,
        {{ typed('unit_price', 'decimal(18, 4)') }} as unit_price,
        {{ typed('updated_at', 'timestamp') }} as updated_at,
        ingestion_timestamp,
        source_file,
        source_line,
        batch_id
    from source

),

judged as (

    select
        *,
        product_id is not null and unit_price is not null as is_usable
    from cleaned

)

select * from judged
