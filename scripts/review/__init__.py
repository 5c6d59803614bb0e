"""Plan review: a Terraform plan as words, risk, cost and next runs, in one comment that hides secrets."""
