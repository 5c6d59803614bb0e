-- Detects rows whose three amounts contradict each other, in any table that has them.
{% for table in ['daily_revenue', 'customer_metrics', 'product_performance', 'executive_summary'] %}
select
    '{{ table }}' as table_name,
    gross_revenue,
    refunds,
    net_revenue
from {{ ref(table) }}
where net_revenue <> gross_revenue + refunds
{{ 'union all' if not loop.last }}
{% endfor %}
