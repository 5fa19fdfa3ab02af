"""The configuration of an installation: settings, logging, and one folder for each municipality."""
