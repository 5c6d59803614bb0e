"""The whole platform on one machine: data, workspace, deploy, master run, report."""
