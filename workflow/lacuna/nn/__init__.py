"""Neural networks: the training that all of them share."""
