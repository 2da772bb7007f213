"""L1000 profiles become RNA-seq-like profiles of the whole genome, and what they are good for."""
