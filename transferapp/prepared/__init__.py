"""Files that were made for exports and wait to be fetched."""
