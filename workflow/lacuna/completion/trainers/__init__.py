"""The networks behind methods, and how each is trained.

Here and not beside the methods, since reading a method's card must not import PyTorch.
"""
