-- title: Critical alerts
-- description: One row per violation that there is now, worst first, with its limit and since when; none when well.
-- owner: data-engineering

with

-- The same words as in sql/thresholds.toml: how bad it is, and who must hear of it.
conditions as (

    select
        position,
        condition,
        severity,
        audience
    from
        values
        (1, 'empty_tables', 'CRITICAL', 'data'),
        (2, 'very_stale_tables', 'CRITICAL', 'data'),
        (3, 'critical_quality_tables', 'CRITICAL', 'data'),
        (4, 'unmeasured_layers', 'CRITICAL', 'data'),
        (5, 'missing_daily_load', 'HIGH', 'data'),
        (6, 'stale_tables', 'HIGH', 'data'),
        (7, 'low_quality_tables', 'HIGH', 'data'),
        (8, 'recent_anomalies', 'MEDIUM', 'data'),
        (9, 'model_degraded', 'MEDIUM', 'data'),
        (10, 'high_churn_customers', 'MEDIUM', 'business')
            as known (position, condition, severity, audience)

),

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
        current_timestamp() as now,
        make_dt_interval(0, :stale_hours + :load_grace_hours) as stale_after,
        make_dt_interval(0, :very_stale_hours + :load_grace_hours) as very_stale_after,
        cast(current_date() as timestamp) + make_dt_interval(0, :load_deadline_hours) as deadline,
        date_sub(current_date(), :anomaly_alert_days) as anomalies_from

),

old_tables as (

    select
        case
            when updates.row_count = 0 or updates.last_updated is null then 'empty_tables'
            when updates.last_updated < limits.now - limits.very_stale_after then 'very_stale_tables'
            when updates.last_updated < limits.now - limits.stale_after then 'stale_tables'
        end as condition,
        concat(updates.layer, '.', updates.table_name) as subject,
        updates.last_updated,
        limits.stale_after,
        round(timestampdiff(minute, updates.last_updated, limits.now) / 60, 1) as hours_old
    from updates
    cross join limits

),

freshness as (

    select
        condition,
        subject,
        case when condition <> 'empty_tables' then hours_old end as measured,
        case condition
            when 'stale_tables' then :stale_hours + :load_grace_hours
            when 'very_stale_tables' then :very_stale_hours + :load_grace_hours
        end as threshold,
        case when condition <> 'empty_tables' then last_updated + stale_after end as since,
        case
            when condition = 'empty_tables' then 'has no row that says when it came'
            else concat('newest row is ', hours_old, ' hours old')
        end as details
    from old_tables
    where condition is not null

),

-- Since when a table has been low: its first score after the last one that was good.
last_good as (

    select
        layer,
        table_name,
        max(case when quality_score >= :quality_low then measured_at end) as measured_at
    from gold.data_quality_metrics_history
    group by
        layer,
        table_name

),

low_since as (

    select
        history.layer,
        history.table_name,
        min(history.measured_at) as measured_at
    from gold.data_quality_metrics_history as history
    inner join last_good
        on
            history.layer = last_good.layer
            and history.table_name = last_good.table_name
            and (last_good.measured_at is null or history.measured_at > last_good.measured_at)
    group by
        history.layer,
        history.table_name

),

failed_checks as (

    select
        layer,
        table_name,
        array_join(sort_array(collect_list(check_name)), ', ') as names
    from gold.data_quality_checks
    where not passed
    group by
        layer,
        table_name

),

quality as (

    select
        case
            when coalesce(scores.quality_score, 0) < :quality_stop then 'critical_quality_tables'
            else 'low_quality_tables'
        end as condition,
        concat(scores.layer, '.', scores.table_name) as subject,
        coalesce(scores.quality_score, 0) as measured,
        case when coalesce(scores.quality_score, 0) < :quality_stop then :quality_stop else :quality_low end
            as threshold,
        low_since.measured_at as since,
        concat('failed checks: ', coalesce(failed_checks.names, 'unknown')) as details
    from gold.data_quality_metrics as scores
    left join low_since
        on scores.layer = low_since.layer and scores.table_name = low_since.table_name
    left join failed_checks
        on scores.layer = failed_checks.layer and scores.table_name = failed_checks.table_name
    where coalesce(scores.quality_score, 0) < :quality_low

),

layers as (

    select layer
    from values ('bronze'), ('silver'), ('gold') as expected (layer)

),

unmeasured as (

    select
        'unmeasured_layers' as condition,
        layers.layer as subject,
        0 as measured,
        :quality_stop as threshold,
        cast(null as timestamp) as since,
        'no table of this layer has a quality score' as details
    from layers
    left join gold.data_quality_metrics as scores
        on layers.layer = scores.layer
    where scores.layer is null

),

missing_load as (

    select
        'missing_daily_load' as condition,
        'bronze.orders' as subject,
        round(timestampdiff(minute, limits.deadline, limits.now) / 60, 1) as measured,
        0 as threshold,
        limits.deadline as since,
        concat('no order was taken in today; expected by ', date_format(limits.deadline, 'HH:mm'), ' UTC') as details
    from limits
    left join bronze.orders as orders
        on cast(orders.ingestion_timestamp as date) = current_date()
    where limits.now > limits.deadline
    group by
        limits.now,
        limits.deadline
    having count(orders.ingestion_timestamp) = 0

),

-- Days that nobody scored are no days without anomalies. Yesterday is scored in the course of today.
anomalies as (

    select
        'recent_anomalies' as condition,
        cast(days.order_date as string) as subject,
        round(greatest(abs(days.orders_z_score), abs(days.revenue_z_score)), 1) as measured,
        :anomaly_score as threshold,
        cast(days.order_date as timestamp) as since,
        concat(days.order_count, ' orders, expected ', cast(round(days.expected_order_count) as int)) as details
    from gold.data_anomalies as days
    cross join limits
    where
        days.status = 'Anomaly Detected'
        and days.order_date >= limits.anomalies_from
    union all
    select
        'recent_anomalies',
        'days not scored',
        cast(null as double),
        :anomaly_score,
        cast(max(days.order_date) as timestamp),
        concat('newest scored day is ', coalesce(cast(max(days.order_date) as string), 'none'))
    from limits
    left join gold.data_anomalies as days
        on true
    group by limits.anomalies_from
    having max(days.order_date) is null or max(days.order_date) < date_sub(limits.anomalies_from, 1)

),

measures as (

    select
        model,
        metric,
        max_by(value, measured_at) as value,
        max(measured_at) as measured_at
    from gold.model_performance
    where alias in ('champion', 'current')
    group by
        model,
        metric

),

leads as (

    select
        model,
        max(case when metric in ('auc', 'silhouette', 'hit_at_10') then value end)
        - coalesce(
            max(case when metric in ('auc_recency', 'auc_frequency', 'hit_at_10_popularity') then value end), 0
        ) as lead,
        max(measured_at) as measured_at
    from measures
    group by model

),

predictions as (

    select
        'segmentation_model' as model,
        count_if(is_stale) as stale_rows,
        max(scored_at) as scored_at
    from gold.customer_segments
    union all
    select 'churn_model', count_if(is_stale), max(scored_at) from gold.customer_churn_predictions
    union all
    select 'product_recommendations', count_if(is_stale), max(scored_at) from gold.product_recommendations

),

models as (

    select
        'model_degraded' as condition,
        model as subject,
        round(lead, 3) as measured,
        :model_lead as threshold,
        measured_at as since,
        'does no better than the simplest rule' as details
    from leads
    where lead < :model_lead
    union all
    select
        'model_degraded',
        predictions.model,
        cast(null as double),
        :model_lead,
        predictions.scored_at,
        concat(predictions.stale_rows, ' predictions are old: there was too little to predict from')
    from predictions
    left join leads
        on predictions.model = leads.model and leads.lead < :model_lead
    where predictions.stale_rows > 0 and leads.model is null

),

churn as (

    select
        'high_churn_customers' as condition,
        'gold.customer_churn_predictions' as subject,
        count(*) as measured,
        :high_risk_customers as threshold,
        max(scored_at) as since,
        concat(count(*), ' customers are at high risk') as details
    from gold.customer_churn_predictions
    where churn_risk = 'High'
    having count(*) > :high_risk_customers

),

violations as (

    select * from freshness
    union all
    select * from quality
    union all
    select * from unmeasured
    union all
    select * from missing_load
    union all
    select * from anomalies
    union all
    select * from models
    union all
    select * from churn

)

select
    violations.condition,
    conditions.severity,
    conditions.audience,
    violations.subject,
    cast(violations.measured as double) as measured,
    cast(violations.threshold as double) as threshold,
    violations.since,
    violations.details
from violations
inner join conditions
    on violations.condition = conditions.condition
order by
    conditions.position,
    violations.subject
