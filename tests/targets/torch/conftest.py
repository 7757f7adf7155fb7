"""One thread per worker of pytest: more would wait for each other."""

import torch

torch.set_num_threads(1)
