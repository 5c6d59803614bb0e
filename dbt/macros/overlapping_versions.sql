{#- Versions that end after the next one of the same key begins; an open one ends never. -#}
{% macro overlapping_versions(history, key) -%}
select
    {{ key }},
    dbt_valid_from,
    dbt_valid_to
from (
    select
        {{ key }},
        dbt_valid_from,
        dbt_valid_to,
        lead(dbt_valid_from) over (partition by {{ key }} order by dbt_valid_from, dbt_valid_to nulls last) as next_from
    from {{ history }}
) as versions
where next_from < coalesce(dbt_valid_to, timestamp '9999-12-31')
{%- endmacro %}
