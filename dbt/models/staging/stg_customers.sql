with

source as (

    select * from {{ source('bronze', 'customers') }}

),

cleaned as (

    select
        {{ text('customer_id') }} as customer_id,
        lower({{ text('email') }}) as email,
        {{ text('first_name') }} as first_name,
        {{ text('last_name') }} as last_name,
        {{ text('country') }} as country,
        {{ typed('created_at', 'timestamp') }} as created_at,
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
        customer_id is not null as is_usable
    from cleaned

)

select * from judged
