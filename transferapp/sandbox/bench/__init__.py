"""Benchmarks: each writes its numbers to a JSON file."""
