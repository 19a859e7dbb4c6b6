"""The keeper's own pages: metrics for Prometheus, probes for orchestrators, a status for people."""
