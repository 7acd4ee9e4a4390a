"""The networks of training-step.ts in PyTorch: milliseconds of a plain run and of a step with Adam, as JSON."""

import json
import sys
import time

import torch
from torch import nn

RUNS = int(sys.argv[1])
BATCH = 32
torch.set_num_threads(1)


class Mean(nn.Module):
    def forward(self, x):
        return x.mean(dim=-1)


class Residual(nn.Module):
    def __init__(self, inputs, outputs, stride):
        super().__init__()

        def part(size_in, size, step):
            padding = (size - 1) // 2
            return nn.Sequential(
                nn.Conv1d(size_in, outputs, size, step, padding, bias=False),
                nn.BatchNorm1d(outputs),
            )

        self.path = nn.Sequential(part(inputs, 3, stride), nn.ReLU(), part(outputs, 3, 1))
        same = inputs == outputs and stride == 1
        self.around = nn.Identity() if same else part(inputs, 1, stride)

    def forward(self, x):
        return torch.relu(self.path(x) + self.around(x))


class Recurrent(nn.Module):
    def __init__(self):
        super().__init__()
        self.lstm = nn.LSTM(8, 64)
        self.head = nn.Linear(64, 4)

    def forward(self, x):
        return self.head(self.lstm(x.permute(2, 0, 1))[0].mean(dim=0))


def cnn():
    layers, inputs = [], 3
    for outputs in (16, 32, 64):
        layers += [nn.Conv1d(inputs, outputs, 5, padding=2, bias=False)]
        layers += [nn.BatchNorm1d(outputs), nn.ReLU(), nn.MaxPool1d(2)]
        inputs = outputs
    return nn.Sequential(*layers, Mean(), nn.Linear(64, 4))


def resnet():
    layers = [nn.Conv1d(3, 16, 7, padding=3, bias=False), nn.BatchNorm1d(16), nn.ReLU()]
    inputs = 16
    for stage, outputs in enumerate((16, 32, 64)):
        for block in range(2):
            layers.append(Residual(inputs, outputs, 2 if stage > 0 and block == 0 else 1))
            inputs = outputs
    return nn.Sequential(*layers, Mean(), nn.Linear(64, 4))


def median_ms(work):
    times = []
    for run in range(RUNS + 5):
        began = time.perf_counter()
        work()
        if run >= 5:
            times.append((time.perf_counter() - began) * 1000)
    return sorted(times)[len(times) // 2]


def measure(name, network, shape):
    x = torch.randn(BATCH, *shape)
    y = torch.randint(0, 4, (BATCH,))
    optimiser = torch.optim.Adam(network.parameters())

    def step():
        optimiser.zero_grad()
        nn.functional.cross_entropy(network(x), y).backward()
        optimiser.step()

    def forward():
        with torch.no_grad():
            network(x)

    network.eval()
    forward_ms = median_ms(forward)
    network.train()
    return {"name": name, "forward_ms": forward_ms, "step_ms": median_ms(step)}


measured = [
    measure("CNN1D 16-32-64 on [3, 128]", cnn(), (3, 128)),
    measure("ResNet1D 16-32-64, 2 blocks each, on [3, 128]", resnet(), (3, 128)),
    measure("LSTM 64 on [8, 50]", Recurrent(), (8, 50)),
]
print(json.dumps({"version": torch.__version__, "measured": measured}))
