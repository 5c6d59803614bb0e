-- Detects customers counted as new in no period or in two: over weeks and over months the sum is everyone who ordered.
with

customers as (

    select count(*) as customers
    from {{ ref('customer_metrics') }}
    where first_order_date is not null

),

periods as (

    select
        period_type,
        sum(new_customers) as new_customers
    from {{ ref('executive_summary') }}
    group by period_type

)

select
    periods.period_type,
    periods.new_customers,
    customers.customers
from periods
cross join customers
where periods.new_customers <> customers.customers
