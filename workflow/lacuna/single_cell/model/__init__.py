"""The network of chemCPA: bulk pretraining, single cells, drugs that nobody measured."""
