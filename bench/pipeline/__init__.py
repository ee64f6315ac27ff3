"""What the app costs and how fast it is, on the local stack: `make bench`."""
