"""What we keep on GitHub: an issue per environment that drifted, a comment per plan that is to be reviewed."""
