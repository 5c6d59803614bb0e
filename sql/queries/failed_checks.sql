-- title: Failed checks
-- description: Every check that does not pass now, worst first; one row for a table that is excused from all of them.
-- owner: data-engineering

with

report as (

    select
        layer,
        table_name,
        check_name,
        severity,
        failed_rows,
        detail,
        measured_at
    from gold.data_quality_checks
    where not passed and severity <> 'excused'
    union all
    select
        layer,
        table_name,
        'every check',
        'excused',
        null,
        max(detail),
        max(measured_at)
    from gold.data_quality_checks
    where severity = 'excused'
    group by
        layer,
        table_name
    union all
    select
        'all',
        'no table',
        'no check has been measured',
        'fail',
        null,
        null,
        null
    from gold.data_quality_checks
    having count(*) = 0

)

select
    layer,
    table_name,
    check_name,
    severity,
    failed_rows,
    detail,
    measured_at
from report
order by
    case severity when 'fail' then 1 when 'warn' then 2 else 3 end,
    case layer when 'bronze' then 1 when 'silver' then 2 else 3 end,
    table_name,
    check_name
