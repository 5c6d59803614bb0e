-- Detects periods that are missing, or whose sums are not those of their days, by comparing weeks and months with days.
with

days as (

    select
        min(order_date) as first_day,
        max(order_date) as last_day,
        sum(total_orders) as total_orders,
        sum(gross_revenue) as gross_revenue,
        sum(refunds) as refunds
    from {{ ref('daily_revenue') }}

),

periods as (

    select
        period_type,
        count(*) as periods,
        min(period_start) as first_start,
        max(period_end) as last_end,
        sum(total_orders) as total_orders,
        sum(gross_revenue) as gross_revenue,
        sum(refunds) as refunds
    from {{ ref('executive_summary') }}
    group by period_type

),

types as (

    select explode(array('week', 'month')) as period_type

)

select
    types.period_type,
    periods.periods,
    days.first_day,
    days.last_day,
    days.gross_revenue as by_day,
    periods.gross_revenue as by_period
from types
cross join days
left join periods
    on types.period_type = periods.period_type
where
    days.first_day is not null
    and not coalesce(
        periods.total_orders = days.total_orders
        and periods.gross_revenue = days.gross_revenue
        and periods.refunds = days.refunds
        and days.first_day >= periods.first_start
        and days.last_day <= periods.last_end
        and periods.periods = case types.period_type
            when 'week' then (date_diff(periods.last_end, periods.first_start) + 1) / 7
            else months_between(trunc(periods.last_end, 'month'), periods.first_start) + 1
        end,
        false
    )
