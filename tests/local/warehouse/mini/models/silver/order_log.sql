{{
    config(
        materialized="incremental",
        incremental_strategy="append",
        on_schema_change="append_new_columns",
        file_format="delta",
    )
}}
select order_id, {{ var("round", 1) }} as round {% if var("round", 1) > 1 %}, amount {% endif %}
from {{ ref("stg_orders") }}
