"""Chemical structures: reading them, fingerprints."""
