"""What TransferApp is tried on: sample images, an OMERO, real processes, demo and benches.

A distribution of its own (``installers/sandbox``); nothing of the product imports it.
"""
