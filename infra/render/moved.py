"""The rename map to Terraform's `moved` blocks, for which CDKTF has no construct."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping

from cdktf import TerraformResource, TerraformStack


class RenameError(ValueError):
    """An entry of the rename map that would move nothing, or hide an object behind another."""


def render_moved(stack: TerraformStack, renames: Mapping[str, str], optional: Collection[str] = ()) -> None:
    """Write a block for every rename whose new address the stack declares; to be called last.

    RenameError when a new address is neither declared nor renamed further, unless it is an `optional` one, and when
    an old address is still declared: Terraform would then refuse the plan, or destroy what it should have moved.
    """
    if not renames:
        return
    declared = _addresses(stack)
    if twice := [new for new, count in Counter(renames.values()).items() if count > 1]:
        raise RenameError(f"infra/renames.py: {twice[0]!r} cannot be the new address of two objects")
    for old, new in renames.items():
        if old in declared:
            raise RenameError(f"infra/renames.py: {old!r} is still declared, it cannot be what {new!r} was")
        if new not in declared and new not in renames and new not in optional:
            raise RenameError(f"infra/renames.py: {old!r} → {new!r}: the stack declares no {new!r}")
    moved = [{"from": old, "to": new} for old, new in sorted(renames.items()) if _end(new, renames) in declared]
    if moved:
        stack.add_override("moved", moved)


def _end(address: str, renames: Mapping[str, str]) -> str:
    """Return where a chain of renames ends."""
    seen = {address}
    while address in renames:
        address = renames[address]
        if address in seen:
            raise RenameError(f"infra/renames.py: {address!r} is renamed in a circle")
        seen.add(address)
    return address


def _addresses(stack: TerraformStack) -> set[str]:
    resources = [each for each in stack.node.find_all() if isinstance(each, TerraformResource)]
    return {f"{each.terraform_resource_type}.{each.friendly_unique_id}" for each in resources}
