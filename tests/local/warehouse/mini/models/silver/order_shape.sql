{{
    config(
        materialized="incremental",
        incremental_strategy="merge",
        unique_key="order_id",
        on_schema_change="sync_all_columns",
        file_format="delta",
        tblproperties={"delta.columnMapping.mode": "name"},
    )
}}
select order_id, {{ "customer_id" if var("round", 1) == 1 else "amount" }}
from {{ ref("stg_orders") }}
