with

source as (

    select * from {{ source('bronze', 'orders') }}

),

cleaned as (

    select
        {{ text('order_id') }} as order_id,
        {{ text('customer_id') }} as customer_id,
        {{ typed('order_timestamp', 'timestamp') }} as order_timestamp,
        lower({{ text('status') }}) as status,
        {{ text('country') }} as country,
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
        order_id is not null and order_timestamp is not null as is_usable
    from cleaned

)

select * from judged
