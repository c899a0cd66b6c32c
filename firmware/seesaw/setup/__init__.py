"""The owner's set-up: a portal on the device's own access point, and Improv on the serial line."""
