-- title: Table freshness
-- description: Every table of the three layers with the age of its newest row; an empty table is never fresh.
-- owner: data-engineering

with

updates as (

    select
        'bronze' as layer,
        'customers' as table_name,
        max(ingestion_timestamp) as last_updated,
        count(*) as row_count
    from bronze.customers
    union all
    select 'bronze', 'products', max(ingestion_timestamp), count(*) from bronze.products
    union all
    select 'bronze', 'orders', max(ingestion_timestamp), count(*) from bronze.orders
    union all
    select 'bronze', 'order_items', max(ingestion_timestamp), count(*) from bronze.order_items
    union all
    select 'bronze', 'web_events', max(ingestion_timestamp), count(*) from bronze.web_events
    union all
    select 'silver', 'dim_customers', max(dbt_updated_at), count(*) from silver.dim_customers
    union all
    select 'silver', 'dim_products', max(dbt_updated_at), count(*) from silver.dim_products
    union all
    select 'silver', 'fact_orders', max(dbt_updated_at), count(*) from silver.fact_orders
    union all
    select 'silver', 'fact_order_items', max(dbt_updated_at), count(*) from silver.fact_order_items
    union all
    select 'silver', 'fact_web_events', max(dbt_updated_at), count(*) from silver.fact_web_events
    union all
    select 'gold', 'customer_metrics', max(metric_updated_at), count(*) from gold.customer_metrics
    union all
    select 'gold', 'product_performance', max(metric_updated_at), count(*) from gold.product_performance
    union all
    select 'gold', 'daily_revenue', max(metric_updated_at), count(*) from gold.daily_revenue

),

-- Moments are compared, not whole hours: 26 h 1 min is older than 26 h.
limits as (

    select
        current_timestamp() - make_dt_interval(0, :stale_hours + :load_grace_hours) as stale_before,
        current_timestamp() - make_dt_interval(0, :very_stale_hours + :load_grace_hours) as very_stale_before

),

report as (

    select
        updates.layer,
        updates.table_name,
        updates.last_updated,
        round(timestampdiff(minute, updates.last_updated, current_timestamp()) / 60, 1) as hours_old,
        updates.row_count,
        case
            when updates.row_count = 0 or updates.last_updated is null then 'Empty'
            when updates.last_updated < limits.very_stale_before then 'Very Stale'
            when updates.last_updated < limits.stale_before then 'Stale'
            else 'Fresh'
        end as status
    from updates
    cross join limits

)

select *
from report
order by
    case layer when 'bronze' then 1 when 'silver' then 2 else 3 end,
    table_name
