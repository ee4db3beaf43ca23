"""Whether a file of a format is all there, by what its header says of its length."""
