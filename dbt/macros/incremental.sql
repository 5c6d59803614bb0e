{#-
    Rows to read: those ingested since this table last took some, and those of keys whose stored row points to a
    customer, order or product that had not arrived. The last hour is read again, because the clocks of two clusters
    may differ and a batch shares one time; what is already here is not written again. A run that names a range of days
    reads the rows of these days instead, however old, and nothing else.
-#}
{% macro to_be_read(key, recheck, day) -%}
    {%- if is_incremental() and is_backfill() -%}
        {{ day }}
    {%- elif is_incremental() -%}
        (
            ingestion_timestamp >= (
                select coalesce(max(ingestion_timestamp), timestamp '1970-01-01') - interval 1 hour from {{ this }}
            )
            or ({{ key | join(', ') }}) in (select {{ key | join(', ') }} from {{ this }} where {{ recheck }})
        )
    {%- else -%}
        true
    {%- endif -%}
{%- endmacro %}


{#-
    The candidates that are new, or not older than the stored row and different from it. Writing only these keeps
    dbt_updated_at true, and a version that arrives after its successor changes nothing.
-#}
{% macro changed_rows(candidates, key, version, compared) -%}
    select candidates.*
    from {{ candidates }} as candidates
    {%- if is_incremental() %}
    left join {{ this }} as stored
        on {% for column in key %}candidates.{{ column }} = stored.{{ column }}{{ ' and ' if not loop.last }}{% endfor %}
    where
        stored.{{ key[0] }} is null
        or (
            {{ columns_of('candidates', version) }} >= {{ columns_of('stored', version) }}
            and not {{ columns_of('candidates', compared) }} <=> {{ columns_of('stored', compared) }}
        )
    {%- endif %}
{%- endmacro %}


{% macro columns_of(relation, columns) -%}
    struct({% for column in columns %}{{ relation }}.{{ column }}{{ ', ' if not loop.last }}{% endfor %})
{%- endmacro %}
