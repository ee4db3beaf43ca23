"""Writing what an archive says on images and containers that are there."""
