"""The parity ledger is complete, and its page says what it says."""

from __future__ import annotations

import pytest

from tests.local import parity


def test_every_route_is_proved_by_a_test_that_exists() -> None:
    endpoints = parity.registered()
    assert len(endpoints) > 250
    missing = parity.unproved(parity.read(), endpoints)
    assert missing == [], "routes that no recorded test asks: write one, run it with --golden"


def test_no_part_of_the_api_is_proved_by_requests_made_by_hand_alone() -> None:
    by_hand = {
        name
        for name, proofs in parity.read().endpoints.items()
        if name.partition(" ")[2].startswith("/api/") and not proofs.keys() - {"plain HTTP", "Spark driver"}
    }
    assert by_hand == set()


def test_the_page_is_the_ledger(request: pytest.FixtureRequest) -> None:
    want = parity.render(parity.read(), parity.registered())
    if request.config.getoption("--golden"):
        parity.PAGE.write_text(want)
    assert parity.PAGE.read_text() == want, "make golden, and review the difference"


def test_a_route_without_proof_is_found() -> None:
    endpoints, ledger = parity.registered(), parity.read()
    without = parity.Ledger(
        {name: {} if name == "GET /api/2.0/alerts" else dict(proofs) for name, proofs in ledger.endpoints.items()}, {}
    )
    assert "GET /api/2.0/alerts" in parity.unproved(without, endpoints)


@pytest.mark.parametrize(
    ("agent", "client"),
    [
        ("unknown/0.0.0 databricks-sdk-py/0.40.0 python/3.11", "databricks-sdk"),
        ("PyDatabricksSqlConnector/4.2 (dbt-databricks/1.10)", "dbt-databricks"),
        ("PyDatabricksSqlConnector/4.2", "databricks-sql-connector"),
        (
            "databricks-tf-provider/1.99.0 databricks-sdk-go/0.93.0 terraform/1.11",
            "official Terraform provider (recorded)",
        ),
        ("python-requests/2.32", "plain HTTP"),
        ("", "plain HTTP"),
    ],
)
def test_clients_are_told_apart_by_their_user_agents(agent: str, client: str) -> None:
    assert parity.client_of(agent) == client


def test_a_request_that_failed_proves_nothing() -> None:
    endpoints = parity.registered()
    lines = [
        '{"method": "GET", "path": "/api/2.0/alerts/1", "status": 404, "agent": ""}',
        '{"method": "GET", "path": "/api/2.0/alerts", "status": 200, "agent": ""}',
        '{"method": "GET", "path": "/api/2.0/secrets/get", "status": 403, "agent": ""}',
        '{"method": "GET", "path": "/no/such", "status": 501, "agent": ""}',
    ]
    assert parity.seen(lines, endpoints) == {
        ("GET /api/2.0/alerts", "plain HTTP"),
        ("GET /api/2.0/secrets/get", "plain HTTP"),
    }
