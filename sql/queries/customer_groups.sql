-- title: Customers by segment
-- description: How many customers each segment has; no row means that nobody has been put into one.
-- owner: data-science

select
    segment_name as segment,
    min(segment_rank) as segment_rank,
    count(*) as customers
from gold.customer_segments
group by segment_name
order by
    segment_rank,
    segment
