"""What is declared beside what a workspace really holds, field by field."""
