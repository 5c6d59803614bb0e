-- title: Recent anomalies
-- description: Days of the last week whose trade is not what their weekday lets expect; days not scored are told.
-- owner: data-engineering

with

newest as (

    select max(order_date) as order_date from gold.data_anomalies

),

report as (

    select
        order_date,
        order_count,
        round(expected_order_count, 0) as expected_order_count,
        round(revenue, 2) as revenue,
        round(expected_revenue, 2) as expected_revenue,
        round(orders_z_score, 2) as orders_z_score,
        round(revenue_z_score, 2) as revenue_z_score,
        status
    from gold.data_anomalies
    where
        status = 'Anomaly Detected'
        and order_date >= date_sub(current_date(), :anomaly_lookback_days)
    union all
    select
        order_date,
        null,
        null,
        null,
        null,
        null,
        null,
        'Not Scored'
    from newest
    where order_date is null or order_date < date_sub(current_date(), :anomaly_lookback_days)

)

select
    order_date,
    order_count,
    expected_order_count,
    revenue,
    expected_revenue,
    orders_z_score,
    revenue_z_score,
    status
from report
order by order_date desc
