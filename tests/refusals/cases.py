"""Bad input of every kind that people give: what is typed or written, and where."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from infra import alerts, dashboards
from infra.environments import ENVIRONMENTS
from infra.main import configured, wanted
from lakehouse import checks, closed_days, questions, thresholds
from scripts.drift import ignores
from scripts.policy import waivers
from scripts.review import prices

REPOSITORY = Path(__file__).parents[2]
FACTS = '{"environment": "dev"}'


Load = Callable[[Path], object]


@dataclass(frozen=True)
class Case:
    """An `ecom` command line, or a file of which the loader is called; `files` lie in the folder where that happens."""

    said: str
    files: Mapping[str, str] = field(default_factory=dict)
    variables: Mapping[str, str] = field(default_factory=dict)
    load: Load | None = None


def _file(name: str, text: str, load: Load) -> Case:
    return Case(f"{name}: {' '.join(text.split()) or '(empty)'}", {name: text}, load=load)


def _variable(name: str, value: str, environment: str = "local") -> Case:
    def load(_: Path) -> object:
        settings = {name: value}
        return wanted(settings) if name == "ECOM_ENVIRONMENT" else configured(ENVIRONMENTS[environment], settings)

    return Case(f"{name}={value} cdktf synth", load=load)


def _questions() -> dict[str, questions.Question]:
    return questions.load_all(REPOSITORY / "sql" / "queries")


def _alerts(file: Path) -> object:
    return alerts.load_all(file.parent, _questions(), thresholds.load())


def _dashboards(file: Path) -> object:
    return dashboards.load_all(file.parent, _questions(), thresholds.load())


def _checks(file: Path) -> object:
    return checks.load(file.parents[1])


def _threshold(text: str) -> Case:
    return _file("thresholds.toml", text, thresholds.load)


def _question(text: str) -> Case:
    return _file("late.sql", text, lambda file: questions.literal(questions.load(file), thresholds.load()))


def _waiver(**changed: str) -> Case:
    entry = {"check": '"CKV_ECOM_1"', "address": '"a"', "reason": '"a long enough reason"', "expires": "2027-01-01"}
    lines = [f"{name} = {value}" for name, value in (entry | changed).items()]
    return _file("waivers.toml", "\n".join(("[[waiver]]", *lines)), waivers.load)


def _ignore(**changed: str) -> Case:
    entry = {"address": '"a"', "path": '""', "reason": '"it is meant"', "expires": "2027-01-01"}
    lines = [f"{name} = {value}" for name, value in (entry | changed).items()]
    return _file("drift_ignores.toml", "\n".join(("[[ignore]]", *lines)), ignores.load)


ONE = '[stale]\nvalue = 1\nunit = "hours"\nseverity = "HIGH"\naudience = "data"\nwhy = "x"\n'
HEAD = "-- title: Late orders\n-- description: Orders that are late\n-- owner: data\n"

TYPED = (
    Case("demo --provider mine"),
    Case("demo --data missing"),
    Case("data generate --to x --end 31.12.2026"),
    Case("data load missing --to x"),
    Case("data load days --to x", {"days/2011-01-04.csv": "InvoiceNo,Quantity\n1,2\n"}),
    Case("status --environment moon"),
    Case("status --environment dev"),
    Case("status --environment dev", variables={"DATABRICKS_HOST": "http://127.0.0.1:1", "DATABRICKS_TOKEN": "x"}),
    Case("plan --environment moon"),
    Case("deploy --environment moon"),
    Case("review --plans plans"),
    Case("review --plans plans --environment dev"),
    Case("review --plans plans", {"plans/dev/plan.json": "{}", "plans/dev/facts.json": "{"}),
    Case("review --plans plans", {"plans/dev/plan.json": "{}", "plans/dev/facts.json": FACTS}),
    Case("review --plans plans --policies policy.json", {"plans/dev/plan.json": "{}", "policy.json": "no"}),
    Case("policy --environment moon"),
    Case("policy --environment dev --plans plans"),
    Case("docs --week 2026-99-01"),
    Case("drift --environment moon"),
    Case("drift --environment dev --stack missing"),
    Case("export terraform --environment moon --to x"),
    Case("export terraform --to full", {"full/kept": ""}),
    Case("alerts check --environment moon"),
    Case("dashboards render --environment moon --to x"),
    Case("jobs unpause"),
    Case("jobs unpause master_pipeline --due"),
    Case("jobs list --environment moon"),
    Case("jobs backfill bronze_ingestion --from 2026-13-01 --to 2026-12-31"),
    Case("jobs backfill bronze_ingestion --from 2026-12-31 --to 2026-12-01"),
    Case("secrets check --environment moon"),
    Case("import --environment moon"),
)

WRITTEN = (
    _variable("ECOM_ENVIRONMENT", "moon"),
    _variable("ECOM_ENVIRONMENT", "prod"),
    _variable("ECOM_STATE", "nowhere"),
    _variable("ECOM_UNPROTECTED", "moon"),
    _variable("ECOM_RUN_AS", "somebody", "prod"),
    _threshold(""),
    _threshold("stale = 1"),
    _threshold(ONE.replace("= 1", '= "one"')),
    _threshold(ONE.replace('"hours"', '"parsecs"')),
    _threshold(ONE.replace('why = "x"', 'why = ""')),
    _threshold(ONE.replace('why = "x"', 'y = "x"')),
    _file("waivers.toml", "[waiver]", waivers.load),
    _waiver(check='"CKV_1"'),
    _waiver(reason='"so"'),
    _waiver(expires='"soon"'),
    _file("drift_ignores.toml", "ignored = 1", ignores.load),
    _ignore(address='"*"'),
    _ignore(expires='"soon"'),
    _file("prices.toml", "checked = 2026-11-01", prices.load),
    _file("closed_days.toml", 'days = ["Christmas"]', closed_days.load),
    _question("select 1"),
    _question(f"{HEAD}-- colour: red\nselect 1 as n"),
    _question(f"{HEAD}select 1 as n where 1 > :nobody"),
    _file("late.toml", 'question = "nobody_asks"', _alerts),
    _file("late.toml", 'title = "Late"', _dashboards),
    _file("bronze/orders.toml", "[[check]]", _checks),
    _file("bronze/orders.toml", "not toml", _checks),
)
