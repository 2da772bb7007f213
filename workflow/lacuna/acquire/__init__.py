"""Where the data come from: a mirror, a checked download, or the simulator."""
