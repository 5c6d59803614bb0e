"""`ecom dashboards render`: deployed dashboards as files that anyone can open."""
