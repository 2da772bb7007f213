"""Neural networks: the training that all of them share."""

import torch

# Numbers must not depend on how many cores there are; jobs run side by side instead.
torch.set_num_threads(1)
