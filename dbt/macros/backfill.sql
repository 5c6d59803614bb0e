{#- Whether the run is told to build a past range of days anew. Both ends or none: half a range is a mistake. -#}
{% macro is_backfill() -%}
    {%- set first, last = var('first_day', ''), var('last_day', '') -%}
    {%- for name, value in [('first_day', first), ('last_day', last)] if first or last -%}
        {%- if not modules.re.fullmatch('[0-9]{4}-[0-9]{2}-[0-9]{2}', value) -%}
            {{ exceptions.raise_compiler_error(name ~ ": '" ~ value ~ "' is not a day as YYYY-MM-DD") }}
        {%- endif -%}
    {%- endfor -%}
    {%- if first > last -%}
        {{ exceptions.raise_compiler_error("first_day '" ~ first ~ "' is after last_day '" ~ last ~ "'") }}
    {%- endif -%}
    {{ return(first != '') }}
{%- endmacro %}


{#- Whether a time lies in the range of days that the run is told; true of every time when it is told none. -#}
{% macro in_backfill(time) -%}
    {%- if is_backfill() -%}
        cast({{ time }} as date) between date '{{ var('first_day', '') }}' and date '{{ var('last_day', '') }}'
    {%- else -%}
        true
    {%- endif -%}
{%- endmacro %}
