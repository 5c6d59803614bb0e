"""One environment as one Terraform stack."""

from __future__ import annotations

from pathlib import Path

from cdktf import TerraformStack
from constructs import Construct

from infra.environments import Environment
from infra.parts.foundation import build_foundation
from infra.parts.monitoring import build_monitoring
from infra.parts.pipeline import build_pipeline
from infra.platform import Platform
from infra.renames import RENAMES, SOMEWHERE_ONLY
from infra.render.backend import render_backend
from infra.render.moved import render_moved
from infra.render.provider import render_provider


class EnvironmentStack(TerraformStack):
    """The whole platform of one environment, named after it."""

    def __init__(self, scope: Construct, env: Environment, platform: Platform, repository: Path) -> None:
        super().__init__(scope, env.name)
        render_backend(self, env, repository)
        render_provider(self)
        foundation = build_foundation(self, env)
        root = build_pipeline(self, env, platform, foundation)
        build_monitoring(self, env, platform, foundation, root)
        render_moved(self, RENAMES, SOMEWHERE_ONLY)
