{{ config(severity='warn') }}

-- Detects rows that silver leaves out, per source: without a key, or with a time or number that does not parse.
{% for source in ['customers', 'products', 'orders', 'order_items', 'web_events'] %}
select
    '{{ source }}' as source,
    count(*) as rows_left_out
from {{ ref('stg_' ~ source) }}
where not is_usable
having count(*) > 0
{{ 'union all' if not loop.last }}
{% endfor %}
