-- title: Pipeline health
-- description: One verdict over all tables. Healthy needs every table fresh and filled, and every layer scored.
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

limits as (

    select
        current_timestamp() - make_dt_interval(0, :stale_hours + :load_grace_hours) as stale_before,
        current_timestamp() - make_dt_interval(0, :very_stale_hours + :load_grace_hours) as very_stale_before

),

freshness as (

    select
        count_if(updates.row_count = 0 or updates.last_updated is null) as empty_tables,
        count_if(updates.last_updated < limits.stale_before) as stale_tables,
        count_if(updates.last_updated < limits.very_stale_before) as very_stale_tables
    from updates
    cross join limits

),

quality as (

    select
        3 - count(distinct case when layer in ('bronze', 'silver', 'gold') then layer end) as unmeasured_layers,
        count_if(coalesce(quality_score, 0) < :quality_low) as low_quality_tables,
        count_if(coalesce(quality_score, 0) < :quality_stop) as stopping_tables
    from gold.data_quality_metrics

)

select
    case
        when freshness.empty_tables + freshness.stale_tables + quality.unmeasured_layers > 0 then 'Critical'
        when quality.stopping_tables > 0 or quality.low_quality_tables > :low_quality_tables then 'Critical'
        when quality.low_quality_tables > 0 then 'Warning'
        else 'Healthy'
    end as status,
    freshness.empty_tables,
    freshness.stale_tables,
    freshness.very_stale_tables,
    quality.unmeasured_layers,
    quality.low_quality_tables,
    quality.stopping_tables,
    concat(
        freshness.empty_tables, ' empty, ',
        freshness.stale_tables, ' stale, ',
        quality.low_quality_tables, ' low quality, ',
        quality.unmeasured_layers, ' layers not measured'
    ) as details
from freshness
cross join quality
