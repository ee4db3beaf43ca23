"""Sets of files that an index file or their names hold together, one module for each family."""
