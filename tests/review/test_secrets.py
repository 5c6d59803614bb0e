from __future__ import annotations

import base64
import json
import random
import string
from pathlib import Path
from typing import Any

import pytest

from scripts.redaction import HIDDEN, scrub, secret_key
from scripts.review import prices
from scripts.review.document import document
from scripts.review.facts import facts, policy_results
from scripts.review.markdown import markdown
from scripts.review.plan import read
from scripts.review.review import review
from tests.review.edits import EDITS
from tests.review.made import entry, reviewed

ROOT = Path(__file__).resolve().parents[2]
PLANS = Path(__file__).parent / "plans"
WEAK = "correct horse battery"  # nothing about it looks like a secret: only its key or its mark does


def _letters(chance: random.Random, alphabet: str, count: int) -> str:
    return "".join(chance.choice(alphabet) for _ in range(count))


def _canaries(chance: random.Random) -> list[str]:
    """One of each shape that secrets have; prefixes are joined here so that no scanner takes this file for a leak."""
    hexadecimal, letters = "0123456789abcdef", string.ascii_letters + string.digits
    return [
        "dapi" + _letters(chance, hexadecimal, 32),
        "ghp" + "_" + _letters(chance, letters, 36),
        "AK" + "IA" + _letters(chance, string.ascii_uppercase + string.digits, 16),
        "ey" + "J" + _letters(chance, letters, 30) + "." + _letters(chance, letters, 40),
        _letters(chance, hexadecimal, 40),
        _letters(chance, string.ascii_lowercase + string.digits, 36),
    ]


def _planted(value: Any, key: str, chance: random.Random, canaries: list[str]) -> Any:
    if isinstance(value, dict):
        planted = {name: _planted(each, name, chance, canaries) for name, each in value.items()}
        if planted and chance.random() < 0.3:
            planted[f"x_{chance.choice(canaries)}"] = chance.choice(canaries)
            planted["db_password"] = WEAK
        return planted
    if isinstance(value, list):
        return [_planted(each, key, chance, canaries) for each in value]
    if not isinstance(value, str) or chance.random() < 0.3 or key in ("task_key", "pause_status"):
        return value
    canary = chance.choice(canaries)
    if key == "content_base64":
        text = base64.b64decode(value).decode() + f'\nx = "{canary}"\nsmtp_password = "{WEAK}"\n'
        return base64.b64encode(text.encode()).decode()
    if key == "serialized_dashboard":
        return json.dumps(_planted(json.loads(value), "", chance, canaries))
    return f"{value} {canary}"


def _with_canaries(plan: dict[str, Any], chance: random.Random, canaries: list[str]) -> dict[str, Any]:
    entries = []
    for each in plan["resource_changes"]:
        change = dict(each["change"])
        for side in ("before", "after"):
            if change.get(side):
                planted = _planted(change[side], "", chance, canaries)
                change[side] = {**planted, "marked": f"{WEAK} {side}"}
                marks = change.get(f"{side}_sensitive") or {}
                change[f"{side}_sensitive"] = {**marks, "marked": True}
        canary = chance.choice(canaries)
        name = each["name"] if each["type"] == "databricks_workspace_file" else f"{each['name']}-{canary}"
        entries.append({**each, "name": name, "address": f"{each['type']}.{name}", "change": change})
    return {**plan, "resource_changes": entries}


@pytest.mark.parametrize("name", EDITS)
def test_no_canary_gets_out(name: str) -> None:
    plan = json.loads((PLANS / name / "plan.json").read_text())
    told = json.loads((PLANS / name / "facts.json").read_text())
    for seed in range(3):
        chance = random.Random(f"{name} {seed}")
        canaries = _canaries(chance)
        results = [
            {"id": "P1", "result": "failed", "title": canaries[0], "address": canaries[1], "reason": canaries[2]},
            {"id": "P2", "result": "waived", "title": "t", "fix": f"token={WEAK.replace(' ', '')}"},
        ]
        planted = _with_canaries(plan, chance, canaries)
        known = facts({**told, "stack": canaries[0], "terraform": canaries[4]}, "facts.json")
        found = review(planted, known, prices.load(), policy_results(results, "policies"))
        for output in (markdown(found), json.dumps(document(found), ensure_ascii=False)):
            for canary in canaries:
                assert canary not in output
                assert canary[6:22] not in output, "a part of it"
            assert WEAK not in output
            assert WEAK.replace(" ", "") not in output
    assert any(canary in json.dumps(planted) for canary in canaries)
    assert plan["resource_changes"] == [] or HIDDEN in json.dumps(read_texts(planted))


def read_texts(plan: dict[str, Any]) -> list[Any]:
    return [[change.address, dict(change.before), dict(change.after)] for change in read(plan)]


@pytest.mark.parametrize(
    "text",
    [
        "password = 'hunter22x'",
        'conn = connect(token="hunter22x")',
        "spark.hadoop.fs.azure.account.key.x: hunter22x",
        "export DB_PASSWORD=hunter22x",
        '{"client_secret": "hunter22x"}',
        "jdbc:postgresql://admin:hunter22x@db.example.com/x",
        "Authorization: Bearer hunter22x",
        "https://x.blob.core.windows.net/c?sv=1&sig=hunter22x%3D",
        "-----BEGIN RSA " + "PRIVATE KEY-----\nhunter22x\n-----END RSA PRIVATE KEY-----",
    ],
)
def test_scrubs_assignments_and_addresses(text: str) -> None:
    assert "hunter22x" not in scrub(text)


@pytest.mark.parametrize(
    "text",
    [
        'password = dbutils.secrets.get("email", "password")',
        "{{secrets/email/password}}",
        "token: str",
        "/Shared/ecommerce/prod/notebooks/monitoring/operational_monitoring",
        "01234567-89ab-cdef-0123-456789abcdef",
        "databricks_workspace_file.dbt-models-gold-executive_summary_sql",
        "createOrReplaceTempView",
        "email_notifications.on_duration_warning_threshold_exceeded",
    ],
)
def test_leaves_what_is_no_secret(text: str) -> None:
    assert scrub(text) == text


def test_hardly_touches_the_code_we_deploy() -> None:
    """Of what lies in the workspace, no line may be hidden but those that truly assign a secret: there are none."""
    files = [
        file for room in ("notebooks", "dbt/models", "sql") for file in (ROOT / room).rglob("*.*") if file.is_file()
    ]
    texts = {file: file.read_text() for file in files if file.suffix in (".py", ".sql", ".toml", ".yml")}
    assert len(texts) > 100
    assert [str(file) for file, text in texts.items() if scrub(text) != text] == []


@pytest.mark.parametrize("key", ["password", "smtpPassword", "api_key", "client-secret", "DB_TOKEN", "credentials"])
def test_knows_keys_of_secrets(key: str) -> None:
    assert secret_key(key)


@pytest.mark.parametrize(
    "key", ["task_key", "job_cluster_key", "environment_key", "key", "scope", "auth_type", "author"]
)
def test_knows_keys_of_names(key: str) -> None:
    assert not secret_key(key)


def test_says_that_a_hidden_value_changes() -> None:
    sides = ({"name": "w", "url": "x", "token": "old one"}, {"name": "w", "url": "x", "token": "new one"})
    (item,) = reviewed([entry("databricks_thing.w", ["update"], *sides)]).items
    assert [line.text for line in item.lines] == ["w token changes in what is hidden here"]


def test_whole_resource_marked_sensitive() -> None:
    change = entry(
        "databricks_thing.w", ["update"], {"a": "b c"}, {"a": "d e"}, before_sensitive=True, after_sensitive=True
    )
    text = markdown(reviewed([change]))
    assert "b c" not in text
    assert "d e" not in text
