"""`python -m local.provider` serves Terraform; `python -m local.provider install MIRROR TERRAFORMRC` installs it."""

from __future__ import annotations

import sys
from pathlib import Path


def main(arguments: list[str]) -> None:
    """Serve, or install."""
    match arguments:
        case []:
            from local.provider.server import serve

            serve()
        case ["install", mirror, terraformrc]:
            from local.provider.install import install

            print(install(Path(mirror), Path(terraformrc)))
        case _:
            sys.exit("usage: python -m local.provider [install MIRROR_DIR TERRAFORMRC]")


if __name__ == "__main__":
    main(sys.argv[1:])
