{{ config(materialized="table", file_format="delta", enabled=var("endless", false)) }}
select sum(hash(a.id, b.id)) as s from range(10000000) a cross join range(1000000) b
