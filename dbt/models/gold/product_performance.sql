with

products as (

    select * from {{ ref('dim_products') }}

),

sales_lines as (

    select * from {{ ref('sales_lines') }}
    where product_id is not null

),

web_events as (

    select * from {{ ref('fact_web_events') }}
    where product_id is not null

),

amounts_by_product as (

    select
        product_id,
        count(distinct case when is_sale then order_id end) as total_orders,
        max(case when is_sale then order_date end) as last_sold_date,
        sum(case when is_sale then quantity else 0 end) as units_sold,
        sum(gross_revenue) as gross_revenue,
        sum(refunds) as refunds
    from sales_lines
    group by product_id

),

events_by_product as (

    select
        product_id,
        count_if(event_type = 'product_view') as product_views,
        count_if(event_type = 'add_to_cart') as cart_additions
    from web_events
    group by product_id

),

product_ids as (

    select product_id from products
    union distinct
    select product_id from amounts_by_product
    union distinct
    select product_id from events_by_product

),

metrics as (

    select
        product_ids.product_id,
        products.product_id is null as is_unknown,
        products.name,
        products.category,
        coalesce(events_by_product.product_views, 0) as product_views,
        coalesce(events_by_product.cart_additions, 0) as cart_additions,
        coalesce(amounts_by_product.total_orders, 0) as total_orders,
        coalesce(amounts_by_product.units_sold, 0) as units_sold,
        amounts_by_product.last_sold_date,
        cast(coalesce(amounts_by_product.gross_revenue, 0) as decimal(18, 4)) as gross_revenue,
        cast(coalesce(amounts_by_product.refunds, 0) as decimal(18, 4)) as refunds,
        cast(
            coalesce(amounts_by_product.gross_revenue, 0) + coalesce(amounts_by_product.refunds, 0)
            as decimal(18, 4)
        ) as net_revenue,
        current_timestamp() as metric_updated_at
    from product_ids
    left join products
        on product_ids.product_id = products.product_id
    left join amounts_by_product
        on product_ids.product_id = amounts_by_product.product_id
    left join events_by_product
        on product_ids.product_id = events_by_product.product_id

)

select * from metrics
