"""`ecom deploy`: what was reviewed and nothing else."""
