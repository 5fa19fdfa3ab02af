"""What differs between installations: settings, logging, and one folder for each municipality."""
