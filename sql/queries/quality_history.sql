-- title: Quality by day
-- description: The worst score of each layer on each day of the last four weeks; a day without a measure has no score.
-- owner: data-engineering

with

days as (

    select explode(sequence(date_sub(current_date(), 27), current_date(), interval 1 day)) as day

),

scores as (

    select
        cast(measured_at as date) as day,
        layer,
        min(quality_score) as quality_score
    from gold.data_quality_metrics_history
    where measured_at >= date_sub(current_date(), 27)
    group by
        cast(measured_at as date),
        layer

)

select
    days.day,
    min(case when scores.layer = 'bronze' then scores.quality_score end) as bronze_score,
    min(case when scores.layer = 'silver' then scores.quality_score end) as silver_score,
    min(case when scores.layer = 'gold' then scores.quality_score end) as gold_score
from days
left join scores
    on days.day = scores.day
group by days.day
order by days.day
