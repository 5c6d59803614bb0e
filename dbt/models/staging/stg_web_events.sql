with

source as (

    select * from {{ source('bronze', 'web_events') }}

),

cleaned as (

    select
        {{ text('event_id') }} as event_id,
        lower({{ text('event_type') }}) as event_type,
        {{ typed('event_timestamp', 'timestamp') }} as event_timestamp,
        {{ text('session_id') }} as session_id,
        {{ text('customer_id') }} as customer_id,
        {{ text('product_id') }} as product_id,
        {{ text('page') }} as page,
        ingestion_timestamp,
        source_file,
        source_line,
        batch_id
    from source

),

judged as (

    select
        *,
        event_id is not null and event_timestamp is not null as is_usable
    from cleaned

)

select * from judged
