"""Dashboards: one classic Grafana JSON file each, drawn by the built-in page and pushed to Grafana."""
