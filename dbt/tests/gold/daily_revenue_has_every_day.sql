-- Detects days missing from the calendar: its number of days is not the distance from the first to the last.
select
    min(order_date) as first_day,
    max(order_date) as last_day,
    count(*) as days
from {{ ref('daily_revenue') }}
having count(*) <> coalesce(date_diff(max(order_date), min(order_date)) + 1, 0)
