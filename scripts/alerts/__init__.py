"""`ecom alerts`: what the alerts of an environment would say now."""
