with

customers as (

    select * from {{ ref('dim_customers') }}

),

orders as (

    select * from {{ ref('fact_orders') }}
    where not is_guest

),

sales_lines as (

    select * from {{ ref('sales_lines') }}
    where customer_id is not null

),

orders_by_customer as (

    select
        customer_id,
        min(case when status = 'completed' then order_date end) as first_order_date,
        max(case when status = 'completed' then order_date end) as last_order_date,
        count_if(status = 'completed') as total_orders
    from orders
    group by customer_id

),

amounts_by_customer as (

    select
        customer_id,
        sum(gross_revenue) as gross_revenue,
        sum(refunds) as refunds
    from sales_lines
    group by customer_id

),

-- Customers that only their orders know are kept, or their revenue would be missing here.
known_and_unknown as (

    select
        coalesce(customers.customer_id, orders_by_customer.customer_id) as customer_id,
        customers.customer_id is null as is_unknown,
        customers.country,
        orders_by_customer.first_order_date,
        orders_by_customer.last_order_date,
        coalesce(orders_by_customer.total_orders, 0) as total_orders
    from customers
    full outer join orders_by_customer
        on customers.customer_id = orders_by_customer.customer_id

),

metrics as (

    select
        known_and_unknown.customer_id,
        known_and_unknown.is_unknown,
        known_and_unknown.country,
        known_and_unknown.first_order_date,
        known_and_unknown.last_order_date,
        known_and_unknown.total_orders,
        cast(coalesce(amounts_by_customer.gross_revenue, 0) as decimal(18, 4)) as gross_revenue,
        cast(coalesce(amounts_by_customer.refunds, 0) as decimal(18, 4)) as refunds,
        cast(
            coalesce(amounts_by_customer.gross_revenue, 0) + coalesce(amounts_by_customer.refunds, 0)
            as decimal(18, 4)
        ) as net_revenue,
        cast(
            try_divide(amounts_by_customer.gross_revenue, known_and_unknown.total_orders) as decimal(18, 4)
        ) as average_order_value,
        current_timestamp() as metric_updated_at
    from known_and_unknown
    left join amounts_by_customer
        on known_and_unknown.customer_id = amounts_by_customer.customer_id

)

select * from metrics
