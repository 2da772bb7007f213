"""Chemical structures: who they are, fingerprints, encoders, and a cache of vectors."""
