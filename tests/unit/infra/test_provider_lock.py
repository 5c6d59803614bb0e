"""The lock file beside a synthesized stack."""

from __future__ import annotations

import json
from pathlib import Path

from infra.provider_lock import write_provider_lock


def test_lock_names_the_exact_version_and_an_existing_one_is_kept(tmp_path: Path) -> None:
    required = {"databricks": {"source": "databricks/databricks", "version": "1.99.0"}}
    (tmp_path / "cdk.tf.json").write_text(json.dumps({"terraform": {"required_providers": required}}))
    write_provider_lock(tmp_path)
    lock = tmp_path / ".terraform.lock.hcl"
    assert lock.read_text() == (
        'provider "registry.terraform.io/databricks/databricks" {\n'
        '  version     = "1.99.0"\n  constraints = "1.99.0"\n}\n'
    )
    lock.write_text("with hashes")
    write_provider_lock(tmp_path)
    assert lock.read_text() == "with hashes"
