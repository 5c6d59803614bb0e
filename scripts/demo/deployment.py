"""`cdktf deploy local` as a user would type it, and what it left in the state."""

from __future__ import annotations

import json
import subprocess
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from scripts import toolchain
from scripts.errors import CommandError

OUTPUT = toolchain.ROOT / "cdktf.out"


def deploy(stack: str, env: Mapping[str, str], log: Path, output: Path = OUTPUT) -> Counter[str]:
    """Deploy a stack and return how many resources of each type it manages; CommandError when it is not whole."""
    toolchain.run([str(toolchain.CDKTF), "deploy", stack, "--auto-approve", "--output", str(output)], env, log)
    folder = output / "stacks" / stack
    # cdktf ends with 0 when a signal ends Terraform, an out-of-memory kill for one: its word is not enough.
    if missing := sorted(declared(folder) - (deployed := managed(folder, env))):
        raise CommandError(
            f"stack {stack}: cdktf reports success, but {len(missing)} declared resources are not in the state,"
            f" {missing[0]} for one: Terraform was killed; deploy again, it goes on from there"
        )
    return Counter(address.partition(".")[0] for address in deployed)


def declared(folder: Path) -> set[str]:
    """Return the addresses of the resources that a synthesized stack declares."""
    types = json.loads((folder / "cdk.tf.json").read_text()).get("resource", {})
    return {f"{kind}.{name}" for kind, names in types.items() for name in names}


def managed(folder: Path, env: Mapping[str, str]) -> set[str]:
    """Return the addresses of the resources in a stack's state."""
    command = ["terraform", f"-chdir={folder}", "state", "pull"]
    result = subprocess.run(command, env=dict(env), capture_output=True, text=True, check=False)
    if result.returncode != 0:
        raise CommandError(f"terraform state pull of stack {folder.name} failed: {result.stderr.strip()}")
    entries = json.loads(result.stdout)["resources"] if result.stdout.strip() else []
    # An entry without instances, or with one that was not created to its end, is not there yet.
    return {
        f"{entry['type']}.{entry['name']}"
        for entry in entries
        if entry["mode"] == "managed" and any(instance.get("status") != "tainted" for instance in entry["instances"])
    }
