-- title: Customers by risk of churn
-- description: How many customers are at which risk; a risk that nobody is at is listed with none.
-- owner: data-science

with

risks as (

    select
        position,
        churn_risk
    from values (1, 'High'), (2, 'Medium'), (3, 'Low') as known (position, churn_risk)

)

select
    risks.churn_risk,
    count(predictions.customer_id) as customers
from risks
left join gold.customer_churn_predictions as predictions
    on risks.churn_risk = predictions.churn_risk
group by
    risks.position,
    risks.churn_risk
order by risks.position
