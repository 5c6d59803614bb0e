"""What resources are declared in: the one word of CDKTF that the parts need."""

from __future__ import annotations

from typing import TypeAlias

from constructs import Construct

Scope: TypeAlias = Construct
