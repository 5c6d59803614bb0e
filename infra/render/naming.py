"""Logical ids: what Terraform calls a resource, for good. Renaming one takes an entry in infra/renames.py."""

from __future__ import annotations

import re
from typing import TypeVar

from cdktf import TerraformElement

Resource = TypeVar("Resource", bound=TerraformElement)


def construct_id(kind: str, key: str) -> str:
    """Return the id of a construct; two resources of one kind with the same address cannot be built."""
    return f"{kind}.{slug(key)}"


def named(resource: Resource, key: str) -> Resource:
    """Give a resource the address `<type>.<key>` instead of CDKTF's hashed one."""
    resource.override_logical_id(slug(key))
    return resource


def slug(key: str) -> str:
    """Turn a key or path into a Terraform identifier: folders stay visible, `-` between them."""
    return re.sub(r"[^A-Za-z0-9_-]", "_", key.replace("/", "-"))
