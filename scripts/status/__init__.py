"""`ecom status`: what the operator on call needs in five seconds."""
