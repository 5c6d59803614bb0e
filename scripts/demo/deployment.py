"""`cdktf deploy local` as a user would type it, and what it left in the state."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from scripts import toolchain
from scripts.errors import CommandError
from scripts.plans.terraform import Terraform, managed

OUTPUT = toolchain.ROOT / "cdktf.out"


def deploy(stack: str, env: Mapping[str, str], log: Path, output: Path = OUTPUT) -> Counter[str]:
    """Deploy a stack and return how many resources of each type it manages; CommandError when it is not whole."""
    toolchain.run([str(toolchain.CDKTF), "deploy", stack, "--auto-approve", "--output", str(output)], env, log)
    folder = output / "stacks" / stack
    # cdktf ends with 0 when a signal ends Terraform, an out-of-memory kill for one: its word is not enough.
    terraform = Terraform(folder, env, log.parent)
    if missing := sorted(terraform.declared() - (deployed := managed(terraform.state()))):
        raise CommandError(
            f"stack {stack}: cdktf reports success, but {len(missing)} declared resources are not in the state,"
            f" {missing[0]} for one: Terraform was killed; deploy again, it goes on from there"
        )
    return Counter(address.partition(".")[0] for address in deployed)
