"""What a drug would do whose structure alone is known, by the model that filled the tensor."""
