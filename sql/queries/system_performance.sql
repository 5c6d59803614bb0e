-- title: Growth of tables
-- description: Rows of every measured table now, a day ago and a week ago; a layer that nobody measured is listed.
-- owner: data-engineering

with

layers as (

    select
        position,
        layer
    from values (1, 'bronze'), (2, 'silver'), (3, 'gold') as expected (position, layer)

),

counts as (

    select
        layer,
        table_name,
        max_by(row_count, measured_at) as row_count,
        max_by(
            case when measured_at <= current_timestamp() - interval 1 day then row_count end,
            case when measured_at <= current_timestamp() - interval 1 day then measured_at end
        ) as row_count_1d_ago,
        max_by(
            case when measured_at <= current_timestamp() - interval 7 days then row_count end,
            case when measured_at <= current_timestamp() - interval 7 days then measured_at end
        ) as row_count_7d_ago,
        max(measured_at) as measured_at
    from gold.data_quality_metrics_history
    group by
        layer,
        table_name

)

select
    layers.layer,
    counts.table_name,
    counts.row_count,
    counts.row_count - counts.row_count_1d_ago as rows_added_1d,
    counts.row_count - counts.row_count_7d_ago as rows_added_7d,
    round(try_divide(100.0 * (counts.row_count - counts.row_count_7d_ago), counts.row_count_7d_ago), 1)
        as growth_percent_7d,
    counts.measured_at
from layers
left join counts
    on layers.layer = counts.layer
order by
    layers.position,
    counts.table_name
