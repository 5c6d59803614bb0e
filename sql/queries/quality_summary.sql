-- title: Data quality summary
-- description: Quality scores per layer, judged by the worst table; a layer without scores is listed.
-- owner: data-engineering

with

layers as (

    select
        position,
        layer
    from values (1, 'bronze'), (2, 'silver'), (3, 'gold') as expected (position, layer)

),

-- A score that is absent is no score to be proud of.
scores as (

    select
        layer,
        table_name,
        coalesce(quality_score, 0) as quality_score
    from gold.data_quality_metrics

),

summary as (

    select
        layers.position,
        layers.layer,
        count(scores.table_name) as table_count,
        round(avg(scores.quality_score), 1) as avg_score,
        min(scores.quality_score) as min_score,
        max(scores.quality_score) as max_score,
        count_if(scores.quality_score < :quality_low) as tables_below_threshold,
        case
            when count(scores.table_name) = 0 then 'Not Measured'
            when min(scores.quality_score) >= :quality_excellent then 'Excellent'
            when min(scores.quality_score) >= :quality_low then 'Good'
            when min(scores.quality_score) >= :quality_stop then 'Fair'
            else 'Poor'
        end as status
    from layers
    left join scores
        on layers.layer = scores.layer
    group by
        layers.position,
        layers.layer

)

select
    layer,
    table_count,
    avg_score,
    min_score,
    max_score,
    tables_below_threshold,
    status
from summary
order by position
