-- Detects revenue that got lost or counted twice on the way: the sum over days, over customers and guests, and over
-- products and lines without one must be the sum over order lines.
with

lines as (

    select
        sum(order_items.line_amount) as gross_revenue,
        sum(case when orders.is_guest then order_items.line_amount else 0 end) as of_guests,
        sum(case when order_items.product_id is null then order_items.line_amount else 0 end) as without_product
    from {{ ref('fact_order_items') }} as order_items
    inner join {{ ref('fact_orders') }} as orders
        on order_items.order_id = orders.order_id
    where orders.status = 'completed'

),

sides as (

    select
        coalesce(lines.gross_revenue, 0) as by_line,
        (select coalesce(sum(gross_revenue), 0) from {{ ref('daily_revenue') }}) as by_day,
        (select coalesce(sum(gross_revenue), 0) from {{ ref('customer_metrics') }})
        + coalesce(lines.of_guests, 0) as by_customer,
        (select coalesce(sum(gross_revenue), 0) from {{ ref('product_performance') }})
        + coalesce(lines.without_product, 0) as by_product
    from lines

)

select *
from sides
where by_line <> by_day or by_line <> by_customer or by_line <> by_product
