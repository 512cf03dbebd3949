"""Two epochs of a small CNN in PyTorch, as tutorials write it: prints images per second of each.

python plain_torch.py FILE.npz contiguous|channels_last THREADS
"""

import sys
import time

import numpy as np
import torch
from torch import nn

path, layout, threads = sys.argv[1:]
torch.set_num_threads(int(threads))
torch.manual_seed(0)
with np.load(path) as arrays:
    images = torch.from_numpy(arrays["x_train"]).permute(0, 3, 1, 2).contiguous()
    labels = torch.from_numpy(arrays["y_train"])
model = nn.Sequential(
    *(nn.Conv2d(3, 32, 3), nn.ReLU(), nn.MaxPool2d(2)),
    *(nn.Conv2d(32, 64, 3), nn.ReLU(), nn.MaxPool2d(2)),
    *(nn.Conv2d(64, 64, 3), nn.ReLU(), nn.Flatten()),
    *(nn.Linear(1024, 64), nn.ReLU(), nn.Linear(64, 10)),
)
formats = {"contiguous": torch.contiguous_format, "channels_last": torch.channels_last}
memory_format = formats[layout]
model = model.to(memory_format=memory_format)
optimizer = torch.optim.Adam(model.parameters())
loss_of = nn.CrossEntropyLoss()
for _ in range(2):
    start, losses = time.perf_counter(), []
    for chosen in torch.randperm(len(labels)).split(128):
        batch = images[chosen].float().div_(255).sub_(0.5).to(memory_format=memory_format)
        optimizer.zero_grad()
        loss = loss_of(model(batch), labels[chosen])
        loss.backward()
        optimizer.step()
        losses.append(loss.detach())
    torch.stack(losses).tolist()
    print(len(labels) / (time.perf_counter() - start))
