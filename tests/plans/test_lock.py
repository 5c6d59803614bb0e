"""Who holds the state, read from what Terraform 1.11 says: as JSON, in its frame, of either backend."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from scripts.plans import lock

LOCAL = """Error message: resource temporarily unavailable
Lock Info:
  ID:        8ba1f3a0-0000-4000-8000-000000000001
  Path:      /state/dev.tfstate
  Operation: OperationTypeApply
  Who:       ci@runner-7
  Version:   1.11.4
  Created:   2026-11-27 14:02:11.123456789 +0000 UTC
  Info:
"""
AZURE = """
╷
│ Error: Error acquiring the state lock
│
│ Error message: state blob is already locked
│ Lock Info:
│   ID:        1f6c39a2-5a5e-9c0b-3f5e-0d7cf6c4a7b1
│   Path:      tfstate/prod.tfstate
│   Operation: OperationTypePlan
│   Who:       runner@fv-az1234-567
│   Version:   1.11.4
│   Created:   2026-11-27 15:02:11.1 +0100 CET
│   Info:
│
│ Terraform acquires a state lock to protect the state from being written
│ by multiple users at the same time.
╵
"""
NOW = datetime(2026, 11, 27, 17, 7, 11, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "who", "operation"),
    [(LOCAL, "ci@runner-7", "OperationTypeApply"), (AZURE, "runner@fv-az1234-567", "OperationTypePlan")],
    ids=["local", "azurerm"],
)
def test_a_lock_is_read(text: str, who: str, operation: str) -> None:
    held = lock.read(text)
    assert held is not None
    assert (held.who, held.operation) == (who, operation)
    assert held.created == datetime(2026, 11, 27, 14, 2, 11, tzinfo=UTC)
    assert len(held.id) == 36


def test_what_is_said_names_owner_age_and_mend() -> None:
    held = lock.read(LOCAL)
    assert held is not None
    assert lock.in_words(held, "dev", "out/dev", NOW) == (
        "the state of stack dev is locked by ci@runner-7 for apply since 2026-11-27 14:02 UTC, 3 h 5 min ago."
        " If that run is dead: terraform -chdir=out/dev force-unlock 8ba1f3a0-0000-4000-8000-000000000001"
    )


def test_what_was_not_said_is_left_out() -> None:
    held = lock.read("Lock Info:\n  ID:        7\n  Who:       \n  Created:   soon\n")
    assert held == lock.Lock("7", "", None, "")
    assert lock.in_words(held, "dev", "out", NOW).startswith("the state of stack dev is locked by somebody. If")
    assert lock.read("Error: Error acquiring the state lock: no route to host") is None
