"""What the small shop deploys as text: notebooks, files, a dashboard."""

from __future__ import annotations

from typing import Any

PREPARE = """# Databricks notebook source
# MAGIC %md
# MAGIC # Prepare
# MAGIC Reads *one day*; <b>markup stays text</b>, [links](javascript:alert(1)) to scripts too.

# COMMAND ----------

dbutils.widgets.text("day", "2026-06-01")
day = dbutils.widgets.get("day")
print("password", dbutils.secrets.get("shop", "mail-password"))
print(dbutils.secrets.listScopes(), dbutils.secrets.list("shop"))
frame = spark.sql("select * from shop.gold.daily_revenue where day <= :day order by day", {"day": day})
display(frame)

# COMMAND ----------

import matplotlib.pyplot as plt

figure, axes = plt.subplots(figsize=(6, 2.5))
axes.plot([float(row.revenue) for row in frame.collect()])
axes.set_title("Revenue until " + day)
display(figure)

# COMMAND ----------

displayHTML("<script>document.title = 'taken over'</script><p>a notebook's own <b>markup</b></p>")
dbutils.notebook.exit("prepared " + day)
"""

CHECK = """# Databricks notebook source
password = dbutils.secrets.get("shop", "mail-password")
print("checking with", password)

# COMMAND ----------

raise ValueError(f"2 returns without <reason>, asked with {password}")
"""

PUBLISH = """-- Databricks notebook source
-- MAGIC %md
-- MAGIC ## Publish

-- COMMAND ----------

select channel, sum(revenue) as revenue
from shop.gold.daily_revenue
group by channel
"""

SETTINGS = '{\n  "shop": "one",\n  "note": "</pre><script>alert(2)</script>"\n}\n'

_DATASETS = {
    "days": "SELECT day, channel, revenue, orders FROM shop.gold.daily_revenue",
    "verdict": "SELECT CASE WHEN count(*) = 2 THEN 'STALE' ELSE 'OK' END AS status, count(*) AS returns,\n"
    "       0.873 AS share, 4300000.5 AS worth FROM shop.gold.returns",
    "broken": "SELECT nothing FROM shop.gold.daily_revenue",
}


def dashboard() -> dict[str, Any]:
    """Return a Lakeview dashboard: text, counters, a table, charts, one tile that cannot be drawn."""
    share = {"format": {"type": "number-percent", "decimalPlaces": {"type": "exact", "places": 1}}}
    worth = {"format": {"type": "number-currency", "currencyCode": "EUR", "abbreviation": "compact"}}
    columns = [{"fieldName": name, "displayName": name.capitalize()} for name in ("day", "channel", "revenue")]
    by_day = {"fieldName": "day", "displayName": "Day", "scale": {"type": "temporal"}}
    by_channel = {"fieldName": "channel", "displayName": "Channel", "scale": {"type": "categorical"}}
    returns = {"fieldName": "returns"}
    tall = {"fieldName": "sum(revenue)", "displayName": "Revenue"}
    tiles = [
        (0, 0, 12, {"multilineTextboxSpec": {"lines": ["## The shop\n", "Every figure is *net* of returns.\n"]}}),
        (0, 1, 3, _widget("verdict", "counter", "Freshness", value={"fieldName": "status"})),
        (
            3,
            1,
            3,
            _widget("verdict", "counter", "Returns", value=returns, target=returns),
        ),
        (6, 1, 3, _widget("verdict", "counter", "Share of the web", value={"fieldName": "share", **share})),
        (9, 1, 3, _widget("verdict", "counter", "Worth", value={"fieldName": "worth", **worth})),
        (0, 2, 6, _grouped("line", "Revenue by day", by_day, tall, color=by_channel)),
        (6, 2, 6, _grouped("bar", "Revenue by channel", by_channel, tall)),
        (0, 3, 12, _grouped("bar", "Revenue by day and channel", {**by_day}, tall, color=by_channel)),
        (0, 4, 8, _widget("days", "table", "Days", columns=columns)),
        (8, 4, 4, _widget("broken", "counter", "A broken tile", value={"fieldName": "nothing"})),
    ]
    layout = [
        {"widget": {"name": f"w{n}", **body}, "position": {"x": x, "y": y, "width": width, "height": 4}}
        for n, (x, y, width, body) in enumerate(tiles)
    ]
    datasets = [{"name": name, "displayName": name, "queryLines": [text]} for name, text in _DATASETS.items()]
    page = {"name": "p", "displayName": "Shop", "layout": layout, "layoutVersion": "GRID_V1"}
    return {"datasets": datasets, "pages": [page | {"pageType": "PAGE_TYPE_CANVAS"}]}


def _widget(dataset: str, kind: str, title: str, **encodings: Any) -> dict[str, Any]:
    shown = [item for value in encodings.values() for item in (value if isinstance(value, list) else [value])]
    names = sorted({item["fieldName"] for item in shown})
    fields = [{"name": name, "expression": f"`{name}`"} for name in names]
    return _spec(dataset, kind, title, fields, True, encodings)


def _grouped(kind: str, title: str, x: dict[str, Any], y: dict[str, Any], **more: dict[str, Any]) -> dict[str, Any]:
    fields = [{"name": item["fieldName"], "expression": f"`{item['fieldName']}`"} for item in (x, *more.values())]
    fields.append({"name": "sum(revenue)", "expression": "SUM(`revenue`)"})
    return _spec(dataset="days", kind=kind, title=title, fields=fields, raw=False, encodings={"x": x, "y": y, **more})


def _spec(
    dataset: str, kind: str, title: str, fields: list[dict[str, str]], raw: bool, encodings: dict[str, Any]
) -> dict[str, Any]:
    query = {"datasetName": dataset, "fields": fields, "disaggregated": raw}
    version = {"counter": 2, "table": 2}.get(kind, 3)
    spec = {"version": version, "widgetType": kind, "encodings": encodings}
    return {
        "queries": [{"name": "main_query", "query": query}],
        "spec": spec | {"frame": {"showTitle": True, "title": title}},
    }
