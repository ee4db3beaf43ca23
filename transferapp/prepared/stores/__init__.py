"""Adapters of prepared files."""
