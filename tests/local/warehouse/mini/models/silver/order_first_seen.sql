{{
    config(
        materialized="incremental",
        incremental_strategy="merge",
        unique_key="order_id",
        merge_update_columns=["amount"],
        liquid_clustered_by="order_id",
        skip_optimize=true,
        file_format="delta",
    )
}}
select order_id, amount, {{ var("round", 1) }} as round
from {{ ref("stg_orders") }}
