"""What is deployed: specs, and the thin layer that renders them with CDKTF."""
