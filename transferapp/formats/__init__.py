"""Formats of images as nouns and tables: what they are called, and who reads them."""
