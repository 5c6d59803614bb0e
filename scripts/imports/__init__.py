"""What is in the workspace already, taken into the Terraform state."""
