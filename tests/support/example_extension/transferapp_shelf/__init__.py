"""An example of an extension: an image repository and a notifier."""
