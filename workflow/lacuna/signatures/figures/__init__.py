"""The figures of plates and signatures."""
