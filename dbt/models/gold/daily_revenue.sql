with

orders as (

    select * from {{ ref('fact_orders') }}

),

sales_lines as (

    select * from {{ ref('sales_lines') }}

),

calendar as (

    select explode(sequence(min(orders.order_date), max(orders.order_date), interval 1 day)) as order_date
    from orders

),

orders_by_day as (

    select
        order_date,
        count(*) as total_orders,
        count(distinct customer_id) as unique_customers
    from orders
    where status = 'completed'
    group by order_date

),

amounts_by_day as (

    select
        order_date,
        sum(case when is_sale then quantity else 0 end) as units_sold,
        sum(gross_revenue) as gross_revenue,
        sum(refunds) as refunds
    from sales_lines
    group by order_date

),

days as (

    select
        calendar.order_date,
        coalesce(orders_by_day.total_orders, 0) as total_orders,
        coalesce(orders_by_day.unique_customers, 0) as unique_customers,
        coalesce(amounts_by_day.units_sold, 0) as units_sold,
        coalesce(amounts_by_day.gross_revenue, 0) as gross_revenue,
        coalesce(amounts_by_day.refunds, 0) as refunds
    from calendar
    left join orders_by_day
        on calendar.order_date = orders_by_day.order_date
    left join amounts_by_day
        on calendar.order_date = amounts_by_day.order_date

),

-- The calendar has every day, so seven rows are seven days.
metrics as (

    select
        order_date,
        total_orders,
        unique_customers,
        units_sold,
        cast(gross_revenue as decimal(18, 4)) as gross_revenue,
        cast(refunds as decimal(18, 4)) as refunds,
        cast(gross_revenue + refunds as decimal(18, 4)) as net_revenue,
        cast(try_divide(gross_revenue, total_orders) as decimal(18, 4)) as average_order_value,
        cast(
            avg(gross_revenue) over (order by order_date rows between 6 preceding and current row) as decimal(18, 4)
        ) as revenue_7d_avg,
        current_timestamp() as metric_updated_at
    from days

)

select * from metrics
