"""What must not be shown is not, whatever it stands in; what only sounds like it is."""

from __future__ import annotations

from typing import Any

import pytest

from scripts.redaction import HIDDEN, hidden_setting, scrub, secret_key

CANARY = "c4n4ry-value"


@pytest.mark.parametrize(
    ("value", "name"),
    [
        (CANARY, "tags.api_key"),
        (CANARY, "tasks[a].notebook_task.base_parameters.smtp_password"),
        (CANARY, "parameters[client_secret].default"),
        ({"CLIENT_SECRET": CANARY}, "job_clusters[main].new_cluster.spark_env_vars"),
        ([{"name": "token", "default": CANARY}], "parameters"),
        ({"key": "access_key", "value": CANARY}, "tags.custom_tags[access_key]"),
        ([{"deep": {"credentials": [CANARY]}}], "anything"),
    ],
)
def test_values_under_secret_names(value: Any, name: str) -> None:
    shown = str(hidden_setting(name, value))
    assert CANARY not in shown
    assert HIDDEN in shown


@pytest.mark.parametrize(
    "text",
    [
        "password = 'c4n4ry-value'",
        'smtp_password: "c4n4ry-value"',
        "dapi" + "0123456789abcdef" * 2,
        "url = https://user:c4n4ry-value@example.com/x",
        "ghp_abcdefghijklmnopqrstuvwx",
        "AccountKey=c4n4ry-value==;",
        "https://x.blob.core.windows.net/c?sv=1&sig=c4n4ry-value",
        "https://hooks.slack.com/services/T0/B0/c4n4ry-value",
        "-----BEGIN {0}-----\nc4n4ry-value\n-----END {0}-----".format("PRIVATE KEY"),
        '{"api_token": "c4n4ry-value"}',
    ],
)
def test_credentials_in_texts(text: str) -> None:
    shown = scrub(f"a\n{text}\nb")
    assert HIDDEN in shown
    for secret in (CANARY, "dapi0123456789", "ghp_abcdef"):
        assert secret not in shown
    assert shown.startswith("a\n")
    assert shown.endswith("\nb")


@pytest.mark.parametrize(
    "name", ["passed", "secretary", "tokenizer", "keys", "cost_key", "databricks_secret_scope", "tasks", "monkey"]
)
def test_what_only_sounds_like_it(name: str) -> None:
    assert not secret_key(name)


@pytest.mark.parametrize(
    "text",
    [
        'settings, password = Settings.read(get), lambda: dbutils.secrets.get("email", "password")',
        "def send(password: str) -> None:",
        "select count(*) as tokens from t",
    ],
)
def test_code_about_secrets_is_readable(text: str) -> None:
    assert scrub(text) == text


def test_other_values_stay_as_they_are() -> None:
    value = {"a": [1, True, None, "x"], "b": {"c": 2.5}}
    assert hidden_setting("anything", value) == value
    assert hidden_setting("tasks[refresh_token].max_retries", 3) == 3
    assert hidden_setting("keys[password]", "password") == "password"
