-- title: Daily summary
-- description: What today's runs took in and wrote, and the quality they left. Nothing taken in today is an issue, too.
-- owner: data-engineering

with

ingested as (

    select count(*) as orders_ingested_today
    from bronze.orders
    where cast(ingestion_timestamp as date) = current_date()

),

processed as (

    select count(*) as orders_processed_today
    from silver.fact_orders
    where cast(dbt_updated_at as date) = current_date()

),

quality as (

    select
        count(*) as measured_tables,
        round(avg(coalesce(quality_score, 0)), 1) as avg_quality_score,
        count_if(coalesce(quality_score, 0) < :quality_low) as low_quality_tables
    from gold.data_quality_metrics

)

select
    current_date() as report_date,
    ingested.orders_ingested_today,
    processed.orders_processed_today,
    quality.measured_tables,
    quality.avg_quality_score,
    quality.low_quality_tables,
    case
        when quality.measured_tables = 0 then 'Quality Not Measured'
        when quality.low_quality_tables > 0 then 'Quality Issues'
        when ingested.orders_ingested_today = 0 then 'No Orders Today'
        else 'All Checks Passed'
    end as overall_status
from ingested
cross join processed
cross join quality
