with

source as (

    select * from {{ source('bronze', 'order_items') }}

),

cleaned as (

    select
        {{ text('order_id') }} as order_id,
        {{ typed('line_number', 'int') }} as line_number,
        {{ text('product_id') }} as product_id,
        {{ typed('quantity', 'int') }} as quantity,
        {{ typed('unit_price', 'decimal(18, 4)') }} as unit_price,
        ingestion_timestamp,
        source_file,
        source_line,
        batch_id
    from source

),

judged as (

    select
        *,
        order_id is not null
        and line_number is not null
        and quantity is not null
        and unit_price is not null as is_usable
    from cleaned

)

select * from judged
