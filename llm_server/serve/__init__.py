"""Serves a merged advisor with vLLM."""
