"""Make files of images in other forms than they were imported in: one module per form."""
