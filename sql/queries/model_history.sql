-- title: Models by week
-- description: What the measure of each model in use had over the simplest rule's, on each day it was measured.
-- owner: data-science

with

leads as (

    select
        day,
        model,
        max(case when metric in ('auc', 'silhouette', 'hit_at_10') then value end)
        - coalesce(
            max(case when metric in ('auc_recency', 'auc_frequency', 'hit_at_10_popularity') then value end), 0
        ) as lead
    from gold.model_performance
    where alias in ('champion', 'current')
    group by
        day,
        model

)

select
    day,
    round(max(case when model = 'segmentation_model' then lead end), 3) as segmentation,
    round(max(case when model = 'churn_model' then lead end), 3) as churn,
    round(max(case when model = 'product_recommendations' then lead end), 3) as recommendations
from leads
group by day
order by day
