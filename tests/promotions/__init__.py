"""Deployments that change under a running load of classifications through a real Triton."""
