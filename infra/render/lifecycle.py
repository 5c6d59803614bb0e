"""What a protected environment does not let go of."""

from __future__ import annotations

from cdktf import TerraformResourceLifecycle

from infra.environments import Environment


def kept(env: Environment) -> TerraformResourceLifecycle | None:
    """Return the lifecycle of an object that holds data or is referred to from outside: never destroyed or replaced.

    Catalog, schemas and volumes hold data, the secret scope values that no state has; the warehouse's id stands in
    the connections of dbt and of other people's tools. Taking the block out of the code takes the protection too:
    there only the review of the plan is left.
    """
    return TerraformResourceLifecycle(prevent_destroy=True) if env.protected else None
