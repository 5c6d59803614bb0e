"""Run `ecom` as `python -m scripts`."""

from scripts.cli import main

main()
