"""From L1000 to RNA-seq: profiles of the landmark genes become profiles of the whole genome."""
