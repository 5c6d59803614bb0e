"""What the platform learns from trade: segments, churn, recommendations; how they are judged and promoted."""
