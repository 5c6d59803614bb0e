with

days as (

    select * from {{ ref('daily_revenue') }}

),

orders as (

    select * from {{ ref('fact_orders') }}
    where status = 'completed' and not is_guest

),

customers as (

    select * from {{ ref('customer_metrics') }}
    where first_order_date is not null

),

-- Every day of the calendar is in one week and in one month.
periods as (

    select
        order_date,
        'week' as period_type,
        cast(trunc(order_date, 'week') as date) as period_start,
        cast(date_add(trunc(order_date, 'week'), 6) as date) as period_end
    from days
    union all
    select
        order_date,
        'month' as period_type,
        cast(trunc(order_date, 'month') as date) as period_start,
        last_day(order_date) as period_end
    from days

),

amounts_by_period as (

    select
        periods.period_type,
        periods.period_start,
        periods.period_end,
        count(*) as days_in_calendar,
        sum(days.total_orders) as total_orders,
        sum(days.units_sold) as units_sold,
        sum(days.gross_revenue) as gross_revenue,
        sum(days.refunds) as refunds
    from periods
    inner join days
        on periods.order_date = days.order_date
    group by periods.period_type, periods.period_start, periods.period_end

),

customers_by_period as (

    select
        periods.period_type,
        periods.period_start,
        count(distinct orders.customer_id) as unique_customers,
        count(distinct case when customers.first_order_date = orders.order_date then orders.customer_id end)
            as new_customers
    from periods
    inner join orders
        on periods.order_date = orders.order_date
    left join customers
        on orders.customer_id = customers.customer_id
    group by periods.period_type, periods.period_start

),

summary as (

    select
        amounts_by_period.period_type,
        amounts_by_period.period_start,
        amounts_by_period.period_end,
        amounts_by_period.days_in_calendar
        = date_diff(amounts_by_period.period_end, amounts_by_period.period_start) + 1 as is_complete,
        amounts_by_period.total_orders,
        coalesce(customers_by_period.unique_customers, 0) as unique_customers,
        coalesce(customers_by_period.new_customers, 0) as new_customers,
        amounts_by_period.units_sold,
        amounts_by_period.gross_revenue,
        amounts_by_period.refunds
    from amounts_by_period
    left join customers_by_period
        on
            amounts_by_period.period_type = customers_by_period.period_type
            and amounts_by_period.period_start = customers_by_period.period_start

),

-- The calendar has every day, so the row before is the period before.
compared as (

    select
        *,
        lag(is_complete) over (partition by period_type order by period_start) as previous_is_complete,
        lag(gross_revenue) over (partition by period_type order by period_start) as previous_gross_revenue
    from summary

),

metrics as (

    select
        period_type,
        period_start,
        period_end,
        is_complete,
        total_orders,
        unique_customers,
        new_customers,
        units_sold,
        cast(gross_revenue as decimal(18, 4)) as gross_revenue,
        cast(refunds as decimal(18, 4)) as refunds,
        cast(gross_revenue + refunds as decimal(18, 4)) as net_revenue,
        cast(try_divide(gross_revenue, total_orders) as decimal(18, 4)) as average_order_value,
        cast(
            case
                when is_complete and previous_is_complete
                    then try_divide(gross_revenue - previous_gross_revenue, previous_gross_revenue)
            end as decimal(18, 4)
        ) as revenue_growth,
        current_timestamp() as metric_updated_at
    from compared

)

select * from metrics
