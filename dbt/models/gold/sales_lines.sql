{{ config(materialized='ephemeral', contract={'enforced': false}) }}

with

order_items as (

    select * from {{ ref('fact_order_items') }}

),

orders as (

    select * from {{ ref('fact_orders') }}

),

sales_lines as (

    select
        order_items.order_id,
        order_items.line_number,
        order_items.product_id,
        orders.customer_id,
        orders.order_date,
        order_items.quantity,
        orders.status <=> 'completed' as is_sale,
        case when orders.status = 'completed' then order_items.line_amount else 0 end as gross_revenue,
        -- Sources book a cancellation in one of two ways: the order itself changes its status and stops being
        -- revenue, or a credit note with negative lines follows. Only the second takes money back.
        case
            when orders.status = 'completed' then 0
            when orders.status = 'adjustment' then order_items.line_amount
            else least(order_items.line_amount, 0)
        end as refunds
    from order_items
    inner join orders
        on order_items.order_id = orders.order_id

)

select * from sales_lines
