"""Where Terraform keeps the state of a stack."""

from __future__ import annotations

from pathlib import Path

from cdktf import AzurermBackend, LocalBackend, TerraformBackend, TerraformStack

from infra.environments import AzureState, Environment, LocalState


def render_backend(stack: TerraformStack, env: Environment, repository: Path) -> TerraformBackend:
    """Declare the backend; one state file per environment, named after it."""
    file = f"{env.name}.tfstate"
    match env.state:
        case LocalState(folder):
            return LocalBackend(stack, path=str(repository / folder / file))
        case AzureState(resource_group, storage_account, container):
            return AzurermBackend(
                stack,
                resource_group_name=resource_group,
                storage_account_name=storage_account,
                container_name=container,
                key=file,
                use_oidc=True,
                use_azuread_auth=True,
            )
