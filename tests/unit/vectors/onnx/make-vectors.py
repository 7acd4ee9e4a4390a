"""Models exported by PyTorch's own exporter, and what PyTorch computes with them.

Written with PyTorch 2.5.1 and onnx 1.23; README.md says what the files hold. Weights are float32,
as the exporter writes them; every number that is stored was computed in float64 from them.

    python make-vectors.py [folder]
"""

import json
import os
import sys
import warnings

import numpy as np
import onnx
import torch
from onnx import numpy_helper
from torch import nn
from torch.nn import functional as F

warnings.filterwarnings("ignore")
torch.backends.mha.set_fastpath_enabled(False)
FOLDER = sys.argv[1] if len(sys.argv) > 1 else os.path.dirname(os.path.abspath(__file__))
TRACED_BATCH = 2
BATCH = 3
STEPS = 5


def pattern(dims, salt):
    """Numbers in [-1, 1) that are exact in float32 and that the test makes by the same formula."""
    index = np.arange(int(np.prod(dims)), dtype=np.int64)
    return torch.tensor((((index + salt) ** 2 * 37 + index * 101) % 4093 / 2048 - 1).reshape(dims))


def classes(dims, salt, count):
    index = np.arange(int(np.prod(dims)), dtype=np.int64)
    return torch.tensor(((index + salt) ** 2 * 37 + index * 101) % 4093 % count).reshape(dims)


# --- the models ------------------------------------------------------------------------------


class Residual(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(2, 4, 3, padding=1, bias=False)
        self.group = nn.GroupNorm(2, 4)
        self.inner = nn.Conv2d(4, 4, 3, padding=1)
        self.layer = nn.LayerNorm([4, 5])
        self.out = nn.Linear(20, 3)

    def forward(self, x):
        h = F.silu(self.group(self.stem(x)))
        h = self.layer(h + F.relu(self.inner(h)))
        return self.out(h.mean(1).flatten(1))


class Recurrent(nn.Module):
    def __init__(self):
        super().__init__()
        self.lstm = nn.LSTM(3, 3, bidirectional=True, batch_first=True)
        self.gru = nn.GRU(6, 2, bidirectional=True, batch_first=True)
        self.out = nn.Linear(4, 2)

    def forward(self, x):
        h, _ = self.lstm(x)
        h, _ = self.gru(h)
        return self.out(h[:, -1])


class Stacked(nn.Module):
    """Two layers, one direction, the last hidden state; a plain RNN behind them."""

    def __init__(self):
        super().__init__()
        self.lstm = nn.LSTM(3, 4, num_layers=2)
        self.rnn = nn.RNN(4, 3)

    def forward(self, x):
        h, (last, cell) = self.lstm(x.transpose(0, 1))
        _, state = self.rnn(h)
        return torch.cat([state[-1], last[-1], cell[0]], 1)


class Encoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.position = nn.Parameter(torch.randn(4, 6) * 0.5)
        self.layer = nn.TransformerEncoderLayer(
            6, 2, 5, dropout=0.0, activation="gelu", batch_first=True, norm_first=True
        )
        self.out = nn.Linear(6, 3)

    def forward(self, x):
        return self.out(self.layer(x + self.position).mean(1))


class Attention(nn.Module):
    """With the weights of the attention given back, which is exported in other nodes."""

    def __init__(self):
        super().__init__()
        self.attention = nn.MultiheadAttention(6, 2, batch_first=True)
        self.norm = nn.LayerNorm(6)

    def forward(self, x):
        h, weights = self.attention(x, x, x)
        return self.norm(x + h).flatten(1), weights


class Words(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(11, 4, padding_idx=0)
        self.out = nn.Linear(4, 3)

    def forward(self, words):
        there = (words != 0).unsqueeze(-1).to(self.embedding.weight.dtype)
        total = (self.embedding(words) * there).sum(1)
        return F.log_softmax(self.out(total / there.sum(1).clamp(min=1)), dim=-1)


class Decoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.into = nn.Linear(4, 12)
        self.up = nn.ConvTranspose2d(3, 4, 3, stride=2, padding=1, output_padding=1)
        self.slope = nn.PReLU(4)
        self.grouped = nn.ConvTranspose2d(4, 2, 2, stride=2, groups=2)

    def forward(self, x):
        h = self.slope(self.up(self.into(x).view(-1, 3, 2, 2)))
        h = F.interpolate(h, scale_factor=1.5, mode="bilinear", align_corners=False)
        h = self.grouped(h)
        h = F.interpolate(h, size=(7, 5), mode="bilinear", align_corners=True)
        return torch.tanh(F.interpolate(h, scale_factor=2, mode="nearest"))


class Medley(nn.Module):
    """Tensor operations that models use between their layers."""

    def __init__(self):
        super().__init__()
        self.a = nn.Parameter(torch.randn(4, 6))
        self.b = nn.Parameter(torch.randn(6))

    def forward(self, x):
        x = x * torch.sigmoid(self.b) + self.b
        product = torch.einsum("bij,kj->bik", x, self.a)
        padded = F.pad(product, (1, 2), mode="reflect")
        top, _ = padded.topk(3, dim=-1)
        summed = torch.cumsum(top, 1)
        spread = torch.logsumexp(product, -1) + product.std(-1) + product.norm(dim=-1)
        shifted = torch.roll(x, 1, dims=1)[:, ::2, 1:].amax(1)
        masked = x.masked_fill(x > 0.5, 0.25).clamp(-0.4, 0.9).prod(-1)
        picked = x.gather(2, torch.tensor([[[0], [2], [1], [5]]]).expand(x.shape[0], -1, -1))
        gated = F.glu(x, -1).abs().sqrt().min(1).values + F.hardswish(x[:, 0, :3])
        near = F.cosine_similarity(x[:, :2], x[:, 2:], dim=-1)
        parts = [summed.flatten(1), spread, shifted, masked, picked.flatten(1), gated, near]
        return torch.cat(parts, 1)


class Pictures(nn.Module):
    """Window operations beside convolutions."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(1, 4, 3, padding=1, padding_mode="replicate")
        self.norm = nn.InstanceNorm2d(4, affine=True)
        self.grid = nn.Linear(4, 8)

    def forward(self, x):
        h = F.pixel_shuffle(F.mish(self.norm(self.conv(x))), 2)
        at = torch.tanh(self.grid(h.flatten(1)[:, :4])).view(-1, 2, 2, 2)
        sampled = F.grid_sample(h, at, align_corners=False)
        return torch.cat([F.unfold(x, 2).mean(1), sampled.flatten(1), h.amax((2, 3))], 1)


def cnn1d():
    return nn.Sequential(
        nn.Conv1d(2, 4, 3, padding=1, bias=False),
        nn.BatchNorm1d(4),
        nn.ReLU(),
        nn.MaxPool1d(2),
        nn.Conv1d(4, 5, 3, padding=1),
        nn.BatchNorm1d(5),
        nn.ReLU(),
        nn.AdaptiveAvgPool1d(1),
        nn.Flatten(),
        nn.Dropout(0.25),
        nn.Linear(5, 3),
    )


def cnn2d():
    return nn.Sequential(
        nn.Conv2d(2, 4, 3, padding=1, groups=2),
        nn.LeakyReLU(0.1),
        nn.Conv2d(4, 4, 3, padding=2, dilation=2, groups=4),
        nn.ELU(),
        nn.MaxPool2d(3, stride=2, padding=1, ceil_mode=True),
        nn.Conv2d(4, 6, (2, 3), stride=(1, 2), padding=(0, 1)),
        nn.Hardtanh(-0.4, 0.6),
        nn.AvgPool2d(2, stride=1, padding=1, count_include_pad=False),
        nn.AdaptiveAvgPool2d((2, 1)),
        nn.Flatten(),
        nn.Linear(12, 3),
    )


def mlp(approximate="none"):
    return nn.Sequential(
        nn.Linear(5, 6),
        nn.GELU(approximate=approximate),
        nn.Linear(6, 5, bias=False),
        nn.SiLU(),
        nn.Linear(5, 4),
        nn.Softplus(beta=2),
        nn.Linear(4, 3),
        nn.Softmax(-1),
    )


def settled(model):
    """Running statistics and scales of normalisations that are no zeros and ones."""
    for module in model.modules():
        if isinstance(module, (nn.BatchNorm1d, nn.GroupNorm, nn.LayerNorm, nn.InstanceNorm2d)):
            with torch.no_grad():
                module.weight.uniform_(0.5, 1.5)
                module.bias.uniform_(-0.5, 0.5)
                if isinstance(module, nn.BatchNorm1d):
                    module.running_mean.uniform_(-0.2, 0.2)
                    module.running_var.uniform_(0.5, 1.5)
    return model


# --- what the exporter makes of a parameter ----------------------------------------------------


def gates(values, order):
    """Gate blocks of a recurrent weight in ONNX's order."""
    return torch.cat([values.chunk(len(order), 0)[at] for at in order], 0)


def recurrent_candidates(model, value_of):
    for prefix, module in model.named_modules():
        if not isinstance(module, nn.RNNBase):
            continue
        order = {"LSTM": [0, 3, 1, 2], "GRU": [1, 0, 2], "RNN_TANH": [0]}[module.mode]
        suffixes = ["", "_reverse"] if module.bidirectional else [""]
        for layer in range(module.num_layers):

            def stacked(*kinds):
                return torch.stack(
                    [
                        torch.cat(
                            [
                                gates(value_of(f"{prefix}.{kind}_l{layer}{suffix}"), order)
                                for kind in kinds
                            ],
                            0,
                        )
                        for suffix in suffixes
                    ]
                )

            yield stacked("weight_ih")
            yield stacked("weight_hh")
            yield stacked("bias_ih", "bias_hh")


def candidates(model, value_of):
    """Each parameter in the forms in which an initializer may hold it."""
    for name, _ in model.named_parameters():
        value = value_of(name)
        yield value
        if value.dim() == 2:
            yield value.T
        if value.dim() == 1:
            yield value.reshape(-1, 1, 1)
            yield value.reshape(-1, 1)
            yield value.reshape(1, -1, 1, 1)
    yield from recurrent_candidates(model, value_of)


def weights_of(file, model, exported, value_of):
    """value_of(parameter), for each initializer that holds a parameter, in its form.

    It is found by the values that the parameters had when they were exported.
    """
    pairs = list(zip(candidates(model, exported.get), candidates(model, value_of)))
    found = {}
    for stored in file.graph.initializer:
        if stored.data_type != onnx.TensorProto.FLOAT:
            continue
        held = torch.tensor(numpy_helper.to_array(stored).astype(np.float64))
        for parameter, value in pairs:
            if parameter.shape == held.shape and torch.equal(parameter, held):
                found[stored.name] = value
                break
    return found


def numbers(values):
    """Nine significant digits."""
    return [float(f"{value:.9g}") for value in values.detach().double().reshape(-1).tolist()]


def export(name, model, x, opset, training, dynamic=True):
    path = os.path.join(FOLDER, f"torch-{name}.onnx")
    with torch.no_grad():
        outputs = model(x)
    count = len(outputs) if isinstance(outputs, tuple) else 1
    names = ["y", "z"][:count]
    torch.onnx.export(
        model,
        (x,),
        path,
        opset_version=opset,
        training=training,
        input_names=["x"],
        output_names=names,
        dynamic_axes={key: {0: "batch"} for key in ["x", *names]} if dynamic else None,
        dynamo=False,
    )
    file = onnx.load(path)
    onnx.checker.check_model(file, full_check=True)
    # The names of nodes repeat those of their outputs; both are paths, and long.
    for node in file.graph.node:
        node.ClearField("doc_string")
        node.ClearField("name")
    onnx.save(file, path)
    return file


# --- outputs and gradients ----------------------------------------------------------------------

# EVAL folds BatchNorm into the layer before; PRESERVE leaves it, here as it predicts too.
EVAL = torch.onnx.TrainingMode.EVAL
PRESERVE = torch.onnx.TrainingMode.PRESERVE
TRAINING = torch.onnx.TrainingMode.TRAINING

# name, model, dims of a row, opset, options; opsets below 17 have no LayerNormalization
CASES = [
    ("cnn1d-13", cnn1d, [2, 8], 13, {}),
    ("cnn1d-folded-17", cnn1d, [2, 8], 17, {"training": EVAL}),
    ("cnn2d-11", cnn2d, [2, 7, 6], 11, {}),
    ("residual-11", Residual, [2, 4, 5], 11, {}),
    ("residual-17", Residual, [2, 4, 5], 17, {}),
    ("recurrent-13", Recurrent, [4, 3], 13, {}),
    ("stacked-one-row-11", Stacked, [4, 3], 11, {"dynamic": False}),
    ("encoder-14", Encoder, [4, 6], 14, {}),
    ("attention-13", Attention, [4, 6], 13, {}),
    ("mlp-11", mlp, [5], 11, {}),
    ("mlp-20", lambda: mlp("tanh"), [5], 20, {}),
    ("words-11", Words, [6], 11, {"words": 11}),
    ("decoder-11", Decoder, [4], 11, {}),
    ("medley-17", Medley, [4, 6], 17, {}),
    ("pictures-16", Pictures, [1, 4, 4], 16, {}),
]


def gradient_case(name, make, row, opset, options):
    torch.manual_seed(opset)
    model = settled(make()).eval()
    words, dynamic = options.get("words"), options.get("dynamic", True)

    def rows(batch):
        if words is not None:
            return classes([batch, *row], 3, words)
        return pattern([batch, *row], 3)

    traced = rows(TRACED_BATCH if dynamic else 1)
    traced = traced if words is not None else traced.float()
    file = export(name, model, traced, opset, options.get("training", PRESERVE), dynamic)
    model = model.double()
    x = rows(BATCH)
    if words is None:
        x.requires_grad_()
    outputs = model(x)
    outputs = outputs if isinstance(outputs, tuple) else (outputs,)
    loss = sum((y * pattern(list(y.shape), 7 + at)).sum() for at, y in enumerate(outputs))
    loss.backward()
    exported = {key: p.detach() for key, p in model.named_parameters()}
    weights = weights_of(file, model, exported, lambda key: model.get_parameter(key).grad)
    return {
        "name": name,
        "opset": opset,
        "x": {"dims": list(x.shape), **({} if words is None else {"classes": words})},
        "parameters": sum(p.numel() for p in model.parameters()),
        "outputs": [{"dims": list(y.shape), "data": numbers(y)} for y in outputs],
        "gradients": {
            **({} if words is not None else {"x": numbers(x.grad)}),
            **{key: numbers(value) for key, value in weights.items()},
        },
    }


# --- training -----------------------------------------------------------------------------------


class FedDropout(nn.Dropout):
    """A dropout whose mask is handed in, as the training graph has it."""

    mask = None

    def forward(self, x):
        return super().forward(x) if self.mask is None else x * self.mask


def with_fed_dropout(model):
    for name, child in model.named_children():
        if isinstance(child, nn.Dropout):
            setattr(model, name, FedDropout(child.p))
        else:
            with_fed_dropout(child)
    return model


def regressor():
    return nn.Sequential(nn.Linear(4, 5), nn.Tanh(), nn.Linear(5, 2), nn.LayerNorm(2), nn.Linear(2, 1))


def fresh():
    """Never trained: the exporter stores its equal scales, biases and statistics once."""
    return nn.Sequential(
        nn.Conv1d(2, 4, 3, padding=1),
        nn.BatchNorm1d(4),
        nn.ReLU(),
        nn.MaxPool1d(2),
        nn.Conv1d(4, 4, 3, padding=1),
        nn.BatchNorm1d(4),
        nn.ReLU(),
        nn.AdaptiveAvgPool1d(1),
        nn.Flatten(),
        nn.Linear(4, 4),
        nn.LayerNorm(4),
        nn.Linear(4, 3),
    )


class RecurrentClassifier(nn.Module):
    def __init__(self):
        super().__init__()
        self.gru = nn.GRU(2, 3, bidirectional=True, batch_first=True)
        self.out = nn.Linear(6, 3)

    def forward(self, x):
        return self.out(self.gru(x)[0][:, -1])


class Normed(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv1d(2, 4, 3, padding=1)
        self.norm = nn.GroupNorm(2, 4)
        self.layer = nn.LayerNorm(4)
        self.out = nn.Linear(4, 3)

    def forward(self, x):
        return self.out(self.layer(F.relu(self.norm(self.conv(x))).mean(-1)))


MODELS = {
    "cnn1d-training-17": (cnn1d, [2, 8], 17, "classes"),
    "cnn1d-training-11": (cnn1d, [2, 8], 11, "classes"),
    "regressor-17": (regressor, [4], 17, "values"),
    "recurrent-training-17": (RecurrentClassifier, [3, 2], 17, "classes"),
    "normed-13": (Normed, [2, 6], 13, "classes"),
    "fresh-17": (fresh, [2, 8], 17, "classes"),
}

#    model, rate, optimiser as the toolkit has it, loss as the toolkit has it, clip_norm
TRAININGS = [
    ("cnn1d-training-17", 0.1, {"kind": "sgd", "weight_decay": 0.05}, {"kind": "cross_entropy"}, None),
    ("cnn1d-training-11", 0.1, {"kind": "momentum"}, {"kind": "cross_entropy", "label_smoothing": 0.1}, None),
    ("regressor-17", 0.05, {"kind": "sgd", "weight_decay": 0.1}, {"kind": "mean_squared_error"}, None),
    ("regressor-17", 0.05, {"kind": "momentum", "dampening": 0.3, "weight_decay": 0.02}, {"kind": "huber", "delta": 0.3}, None),
    ("regressor-17", 0.05, {"kind": "momentum", "momentum": 0.8, "nesterov": True}, {"kind": "mean_absolute_error"}, None),
    ("regressor-17", 0.02, {"kind": "adam", "weight_decay": 0.1}, {"kind": "mean_squared_error"}, 0.2),
    ("regressor-17", 0.02, {"kind": "adamw", "weight_decay": 0.2, "beta1": 0.8}, {"kind": "binary_cross_entropy"}, 0.2),
    ("recurrent-training-17", 0.05, {"kind": "adamw", "weight_decay": 0.3}, {"kind": "cross_entropy", "class_weights": [1, 2, 0.5]}, 0.1),
    ("recurrent-training-17", 0.05, {"kind": "adam"}, {"kind": "cross_entropy", "class_weights": [1, 2, 0.5], "label_smoothing": 0.2}, None),
    ("normed-13", 0.05, {"kind": "adamw"}, {"kind": "cross_entropy"}, None),
    ("fresh-17", 0.05, {"kind": "adam"}, {"kind": "cross_entropy"}, None),
]


def loss_of(loss, y, targets):
    kind = loss["kind"]
    if kind == "cross_entropy":
        weight = loss.get("class_weights")
        return F.cross_entropy(
            y,
            targets,
            weight=None if weight is None else torch.tensor(weight, dtype=torch.float64),
            label_smoothing=loss.get("label_smoothing", 0.0),
        )
    if kind == "binary_cross_entropy":
        return F.binary_cross_entropy_with_logits(y, targets)
    if kind == "mean_squared_error":
        return F.mse_loss(y, targets)
    if kind == "mean_absolute_error":
        return F.l1_loss(y, targets)
    return F.huber_loss(y, targets, delta=loss["delta"])


def optimiser_of(optimiser, model, rate):
    """Weight decay on what multiplies (matrices, kernels), not on biases and normalisations."""
    decay = optimiser.get("weight_decay", 0.01 if optimiser["kind"] == "adamw" else 0)
    decayed = [p for p in model.parameters() if p.dim() > 1]
    others = [p for p in model.parameters() if p.dim() <= 1]
    groups = [{"params": decayed, "weight_decay": decay}, {"params": others, "weight_decay": 0}]
    if optimiser["kind"] == "sgd":
        return torch.optim.SGD(groups, lr=rate)
    if optimiser["kind"] == "momentum":
        return torch.optim.SGD(
            groups,
            lr=rate,
            momentum=optimiser.get("momentum", 0.9),
            dampening=optimiser.get("dampening", 0),
            nesterov=optimiser.get("nesterov", False),
        )
    method = torch.optim.Adam if optimiser["kind"] == "adam" else torch.optim.AdamW
    return method(groups, lr=rate, betas=(optimiser.get("beta1", 0.9), optimiser.get("beta2", 0.999)))


def training_case(name, rate, optimiser, loss, clip_norm):
    make, row, opset, output = MODELS[name]
    batch = 4
    torch.manual_seed(opset)
    x = pattern([batch, *row], 3)
    is_fresh = make is fresh
    if is_fresh:
        model = make().eval()
        file = export(name, model, x.float(), opset, PRESERVE)
        model.train()
    else:
        model = with_fed_dropout(settled(make())).train()
        file = export(name, model, x.float(), opset, TRAINING)
    stored = {one.name: numpy_helper.to_array(one) for one in file.graph.initializer}
    statistics = {key for key, value in model.named_buffers() if value.dim() == 1}
    with torch.no_grad():  # Exporting ran the model, which moved them.
        for key in statistics & stored.keys():
            model.get_buffer(key).copy_(torch.tensor(stored[key]))
    model = model.double()
    if output == "classes":
        targets = classes([batch], 5, 3)
    elif loss["kind"] == "binary_cross_entropy":
        targets = classes([batch, 1], 5, 2).double()
    else:
        targets = pattern([batch, 1], 11)
    method = optimiser_of(optimiser, model, rate)
    exported = {key: p.detach().clone() for key, p in model.named_parameters()}
    losses = []
    for step in range(STEPS):
        for module in model.modules():
            if isinstance(module, FedDropout):
                kept = classes([batch, 5], 20 + step, 4) != 0
                module.mask = kept.double() / (1 - module.p)
        method.zero_grad()
        value = loss_of(loss, model(x), targets)
        value.backward()
        if clip_norm is not None:
            nn.utils.clip_grad_norm_(model.parameters(), clip_norm)
        method.step()
        losses.append(value)
    weights = (
        dict(model.named_parameters())
        if is_fresh
        else weights_of(file, model, exported, lambda key: model.get_parameter(key).detach())
    )
    model.eval()
    for module in model.modules():
        if isinstance(module, FedDropout):
            module.mask = None
    y = model(x)
    return {
        "model": name,
        "rate": rate,
        "optimiser": optimiser,
        "loss": loss,
        **({} if clip_norm is None else {"clip_norm": clip_norm}),
        "x": {"dims": list(x.shape)},
        "parameters": sum(p.numel() for p in model.parameters()),
        "losses": numbers(torch.stack(losses)),
        # Of the trained model as it predicts.
        "output": {"dims": list(y.shape), "data": numbers(y)},
        "evaluation_loss": numbers(loss_of(loss, y, targets))[0],
        "weights": {key: numbers(value) for key, value in weights.items()},
        **(
            {
                "statistics": {key: numbers(model.get_buffer(key)) for key in sorted(statistics)}
            }
            if statistics
            else {}
        ),
    }


def write(name, values):
    with open(os.path.join(FOLDER, name), "w") as file:
        file.write("[\n" + ",\n".join(json.dumps(value, separators=(",", ":")) for value in values) + "\n]\n")


write("torch-gradients.json", [gradient_case(*case) for case in CASES])
write("torch-training.json", [training_case(*case) for case in TRAININGS])
