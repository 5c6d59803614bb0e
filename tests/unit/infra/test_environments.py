"""Environments cannot be constructed unsafe."""

from __future__ import annotations

from dataclasses import replace

import pytest

from infra.environments import DEV, ENVIRONMENTS, PROD, ConfigurationError, Recipients


def test_the_four_environments_are_named_after_their_key() -> None:
    assert [env.name for env in ENVIRONMENTS.values()] == list(ENVIRONMENTS) == ["local", "dev", "staging", "prod"]


def test_no_two_environments_share_a_catalog_a_root_or_a_prefix() -> None:
    for attribute in ("catalog", "workspace_root", "name_prefix"):
        assert len({getattr(env, attribute) for env in ENVIRONMENTS.values()}) == len(ENVIRONMENTS)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name_prefix": ""}, "name_prefix"),
        ({"schedules_on": True}, "schedules_on"),
        ({"recipients": PROD.recipients}, "data team"),
        ({"run_as": "somebody@example.com"}, "run_as"),
        ({"workers": 0}, "workers"),
    ],
)
def test_unsafe_dev_is_rejected(change: dict[str, object], field: str) -> None:
    with pytest.raises(ConfigurationError, match=field) as raised:
        replace(DEV, **change)
    assert "'dev'" in str(raised.value)


def test_prod_that_would_drop_data_is_rejected() -> None:
    with pytest.raises(ConfigurationError, match="keep_data"):
        replace(PROD, keep_data=False)


def test_only_prod_requires_a_run_as() -> None:
    DEV.require_run_as()
    replace(PROD, run_as="01234567-89ab-cdef-0123-456789abcdef").require_run_as()
    with pytest.raises(ConfigurationError, match="ECOM_RUN_AS"):
        replace(PROD, run_as=None).require_run_as()


@pytest.mark.parametrize("address", ["Data@example.com", "data", "data@", "a b@example.com", "data@example"])
def test_address_the_workspace_would_change_is_rejected(address: str) -> None:
    with pytest.raises(ConfigurationError, match="lower-case"):
        Recipients(data_team=(address,), business_team=(), on_call=())


def test_recipients_without_a_data_team_are_rejected() -> None:
    with pytest.raises(ConfigurationError, match="data_team"):
        Recipients(data_team=(), business_team=(), on_call=("on-call@example.com",))
