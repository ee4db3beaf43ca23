"""Deposits: an export as archives of research data take it (BagIt, RO-Crate)."""
