-- title: Model health
-- description: Each model's predictions, their age, and its lead over the simplest rule; not measured is not healthy.
-- owner: data-engineering

with

models as (

    select
        position,
        model,
        performance_key,
        metric,
        stale_hours
    from
        values
        (1, 'Customer Segmentation', 'segmentation_model', 'silhouette', :stale_hours + :load_grace_hours),
        (2, 'Churn Prediction', 'churn_model', 'auc', :stale_hours + :load_grace_hours),
        (3, 'Product Recommendations', 'product_recommendations', 'hit_at_10', :weekly_stale_hours)
            as known (position, model, performance_key, metric, stale_hours)

),

predictions as (

    select
        'Customer Segmentation' as model,
        count(*) as predictions,
        count(distinct segment_name) as groups,
        count_if(is_stale) as stale_predictions,
        max(scored_at) as last_scored
    from gold.customer_segments
    union all
    select 'Churn Prediction', count(*), count(distinct churn_risk), count_if(is_stale), max(scored_at)
    from gold.customer_churn_predictions
    union all
    select 'Product Recommendations', count(*), count(distinct product_id), count_if(is_stale), max(scored_at)
    from gold.product_recommendations

),

-- Of the version in use, as last measured.
measures as (

    select
        model as performance_key,
        metric,
        max_by(value, measured_at) as value
    from gold.model_performance
    where alias in ('champion', 'current')
    group by
        model,
        metric

),

judged as (

    select
        models.model,
        max(case when measures.metric = models.metric then measures.value end) as value,
        max(
            case
                when measures.metric in ('auc_recency', 'auc_frequency', 'hit_at_10_popularity') then measures.value
            end
        ) as baseline
    from models
    left join measures
        on models.performance_key = measures.performance_key
    group by models.model

),

report as (

    select
        models.position,
        models.model,
        predictions.predictions,
        predictions.groups,
        predictions.stale_predictions,
        predictions.last_scored,
        models.metric,
        round(judged.value, 3) as value,
        case when judged.value is not null then round(coalesce(judged.baseline, 0), 3) end as baseline,
        round(judged.value - coalesce(judged.baseline, 0), 3) as lead,
        case
            when predictions.predictions = 0 then 'Empty'
            when
                predictions.stale_predictions > 0
                or predictions.last_scored < current_timestamp() - make_dt_interval(0, models.stale_hours)
                then 'Stale'
            when judged.value is null then 'Not Measured'
            when judged.value - coalesce(judged.baseline, 0) < :model_lead then 'Degraded'
            else 'Active'
        end as status
    from models
    inner join predictions
        on models.model = predictions.model
    inner join judged
        on models.model = judged.model

)

select
    model,
    predictions,
    groups,
    stale_predictions,
    last_scored,
    metric,
    value,
    baseline,
    lead,
    status
from report
order by position
