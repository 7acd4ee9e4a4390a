"""The peers of the table of explanations. Speaks lines of JSON: a line asks to prepare a peer or to run one,
the answer has its name and version, or the milliseconds of a row and what it found for the first one."""

import json
import os
import sys
import time
import warnings

os.environ |= {"OMP_NUM_THREADS": "1", "TQDM_DISABLE": "1"}
warnings.filterwarnings("ignore")

import numpy as np  # noqa: E402

RUNS = {}


def session(path):
    """A function of rows that gives all outputs of floats, on one thread of the native ONNX Runtime."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    opened = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    name, output = opened.get_inputs()[0].name, opened.get_outputs()[-1].name
    return lambda rows: opened.run([output], {name: np.asarray(rows, dtype=np.float32)})[0]


def module(path):
    """The model of a file, whose nodes follow one another, as a torch module."""
    import onnx
    import torch
    from onnx import numpy_helper

    graph = onnx.load(path).graph
    weights = {t.name: torch.tensor(numpy_helper.to_array(t).copy()) for t in graph.initializer}

    class Affine(torch.nn.Module):
        def __init__(self, scale, shift):
            super().__init__()
            self.scale, self.shift = scale, shift

        def forward(self, x):
            return x * self.scale + self.shift

    class Mean(torch.nn.Module):
        def forward(self, x):
            return x.mean(dim=-1, keepdim=True)

    def layer(node):
        given = [weights[name] for name in node.input if name in weights]
        attributes = {a.name: onnx.helper.get_attribute_value(a) for a in node.attribute}
        if node.op_type == "Sub":
            return Affine(torch.ones(()), -given[0])
        if node.op_type == "Div":
            return Affine(1 / given[0], torch.zeros(()))
        if node.op_type == "Gemm":
            made = torch.nn.Linear(*given[0].shape)
            made.weight.data, made.bias.data = given[0].T.contiguous(), given[1]
            return made
        if node.op_type == "Conv":
            outputs, inputs, size = given[0].shape
            made = torch.nn.Conv1d(inputs, outputs, size, padding=attributes["pads"][0], bias=False)
            made.weight.data = given[0]
            return made
        if node.op_type == "BatchNormalization":
            made = torch.nn.BatchNorm1d(len(given[0]), eps=attributes["epsilon"])
            made.weight.data, made.bias.data = given[0], given[1]
            made.running_mean, made.running_var = given[2], given[3]
            return made
        simple = {
            "Relu": torch.nn.ReLU,
            "MaxPool": lambda: torch.nn.MaxPool1d(2),
            "GlobalAveragePool": Mean,
            "Flatten": torch.nn.Flatten,
            "Softmax": lambda: torch.nn.Softmax(dim=1),
        }
        return simple[node.op_type]()

    torch.set_num_threads(1)
    return torch.nn.Sequential(*[layer(node) for node in graph.node]).eval()


def tensors(asked):
    import torch

    shape = asked["shape"]
    return [
        torch.tensor(np.asarray(asked[name], dtype=np.float32).reshape(-1, *shape))
        for name in ("rows", "background")
    ]


def shap_kernel(asked):
    import shap

    score = session(asked["model"])
    target = asked["target"]
    explainer = shap.KernelExplainer(
        lambda rows: score(rows)[:, target], np.asarray(asked["background"])
    )
    rows = np.asarray(asked["rows"])
    run = lambda at: explainer.shap_values(
        rows[at], nsamples=asked["samples"], l1_reg=False, silent=True
    )
    return f"shap {shap.__version__} KernelExplainer", run


def shap_permutation(asked):
    import shap

    score = session(asked["model"])
    target = asked["target"]
    background = np.asarray(asked["background"])
    explainer = shap.PermutationExplainer(
        lambda rows: score(rows)[:, target], shap.maskers.Independent(background, len(background)), seed=0
    )
    rows = np.asarray(asked["rows"])
    run = lambda at: explainer(rows[at : at + 1], max_evals=asked["samples"], silent=True).values[0]
    return f"shap {shap.__version__} PermutationExplainer", run


def trees_of(asked):
    return {
        "trees": [
            {name: np.asarray(value) for name, value in tree.items()} for tree in asked["trees"]
        ]
    }


def shap_tree(asked):
    import shap

    mode = asked["mode"]
    background = np.asarray(asked["background"], dtype=np.float64)
    explainer = (
        shap.TreeExplainer(trees_of(asked), feature_perturbation="tree_path_dependent")
        if mode == "path_dependent"
        else shap.TreeExplainer(
            trees_of(asked),
            # Without this it takes 100 rows of them.
            shap.maskers.Independent(background, len(background)),
            feature_perturbation="interventional",
        )
    )
    rows = np.asarray(asked["rows"], dtype=np.float64)

    def run(from_, to):
        values = explainer.shap_values(rows[from_:to], check_additivity=False)
        return np.asarray(values).reshape(to - from_, -1)[0]

    return f"shap {shap.__version__} TreeExplainer", run


def xgboost_contributions(asked):
    import xgboost

    def siblings_adjacent(tree):
        """In the order that xgboost takes for granted: a right child follows its left one."""
        order = [0]
        for node in order:
            if tree["children_left"][node] >= 0:
                order += [tree["children_left"][node], tree["children_right"][node]]
        place = {node: at for at, node in enumerate(order)} | {-1: -1}
        moved = {name: [values[node] for node in order] for name, values in tree.items()}
        for side in ("children_left", "children_right"):
            moved[side] = [place[node] for node in moved[side]]
        return moved

    def written(at, tree):
        leaves = tree["children_left"]
        count = len(leaves)
        parents = [2147483647] * count
        for node in range(count):
            for child in (tree["children_left"][node], tree["children_right"][node]):
                if child >= 0:
                    parents[child] = node
        is_leaf = [child < 0 for child in leaves]
        return {
            "base_weights": [0.0] * count,
            "categories": [],
            "categories_nodes": [],
            "categories_segments": [],
            "categories_sizes": [],
            "default_left": [0] * count,
            "id": at,
            "left_children": leaves,
            "right_children": tree["children_right"],
            "loss_changes": [0.0] * count,
            "parents": parents,
            "split_conditions": [
                float(tree["values"][node][0]) if is_leaf[node] else float(tree["thresholds"][node])
                for node in range(count)
            ],
            "split_indices": [max(0, feature) for feature in tree["features"]],
            "split_type": [0] * count,
            "sum_hessian": [float(cover) for cover in tree["node_sample_weight"]],
            "tree_param": {
                "num_deleted": "0",
                "num_feature": str(len(asked["rows"][0])),
                "num_nodes": str(count),
                "size_leaf_vector": "1",
            },
        }

    trees = [written(at, siblings_adjacent(tree)) for at, tree in enumerate(asked["trees"])]
    count = len(trees)
    booster = {
        "learner": {
            "attributes": {},
            "feature_names": [],
            "feature_types": [],
            "gradient_booster": {
                "model": {
                    "gbtree_model_param": {"num_parallel_tree": "1", "num_trees": str(count)},
                    "iteration_indptr": list(range(count + 1)),
                    "tree_info": [0] * count,
                    "trees": trees,
                },
                "name": "gbtree",
            },
            "learner_model_param": {
                "base_score": "0",
                "boost_from_average": "1",
                "num_class": "0",
                "num_feature": str(len(asked["rows"][0])),
                "num_target": "1",
            },
            "objective": {"name": "reg:squarederror", "reg_loss_param": {"scale_pos_weight": "1"}},
        },
        "version": [2, 0, 0],
    }
    opened = xgboost.Booster({"nthread": 1})
    opened.load_model(bytearray(json.dumps(booster), "utf8"))
    opened.set_param({"nthread": 1})
    rows = np.asarray(asked["rows"], dtype=np.float32)

    def run(from_, to):
        matrix = xgboost.DMatrix(rows[from_:to], nthread=1)
        return opened.predict(matrix, pred_contribs=True)[0][:-1]

    return f"xgboost {xgboost.__version__} pred_contribs", run


def lime_tabular(asked):
    import lime.lime_tabular
    from importlib.metadata import version

    score = session(asked["model"])
    explainer = lime.lime_tabular.LimeTabularExplainer(
        np.asarray(asked["background"]), mode="classification", random_state=0
    )
    rows = np.asarray(asked["rows"])
    run = lambda at: explainer.explain_instance(
        rows[at], score, labels=(asked["target"],), num_features=10, num_samples=asked["samples"]
    )
    return f"lime {version('lime')} LimeTabularExplainer", lambda at: run(at) and None


def lime_image(asked):
    import lime.lime_image
    from importlib.metadata import version
    from skimage.segmentation import slic

    score = session(asked["model"])
    channels_last = lambda flat: np.asarray(flat).reshape(asked["shape"]).transpose(1, 2, 0)
    explainer = lime.lime_image.LimeImageExplainer(random_state=0)

    def run(at):
        explainer.explain_instance(
            channels_last(asked["rows"][at]),
            lambda images: score(np.asarray(images).transpose(0, 3, 1, 2)),
            labels=(asked["target"],),
            top_labels=None,
            hide_color=None,
            num_samples=asked["samples"],
            batch_size=100,
            segmentation_fn=lambda image: slic(image, n_segments=50, start_label=0),
        )

    return f"lime {version('lime')} LimeImageExplainer, slic of scikit-image", run


def captum_method(make, name):
    def prepare(asked):
        import captum

        network = module(asked["model"])
        rows, background = tensors(asked)
        explain = make(network, background, asked)
        run = lambda at: explain(rows[at : at + 1]).detach().numpy().reshape(-1)
        return f"captum {captum.__version__} {name}", run

    return prepare


def integrated(network, background, asked):
    from captum.attr import IntegratedGradients

    explainer = IntegratedGradients(network)
    baseline = background.mean(dim=0, keepdim=True)
    return lambda row: explainer.attribute(
        row, baseline, target=asked["target"], n_steps=asked["samples"]
    )


def deep(network, background, asked):
    from captum.attr import DeepLiftShap

    explainer = DeepLiftShap(network)
    return lambda row: explainer.attribute(row, background, target=asked["target"])


def gradient(network, background, asked):
    from captum.attr import GradientShap

    explainer = GradientShap(network)
    return lambda row: explainer.attribute(
        row, background, target=asked["target"], n_samples=asked["samples"]
    )


def grad_cam(network, background, asked):
    from captum.attr import LayerGradCam
    import torch

    last = [part for part in network if isinstance(part, torch.nn.Conv1d)][-1]
    explainer = LayerGradCam(network, last)
    return lambda row: explainer.attribute(row, target=asked["target"])


PEERS = {
    "shap_kernel": shap_kernel,
    "shap_permutation": shap_permutation,
    "shap_tree": shap_tree,
    "xgboost": xgboost_contributions,
    "lime_tabular": lime_tabular,
    "lime_image": lime_image,
    "captum_integrated": captum_method(integrated, "IntegratedGradients"),
    "captum_deep": captum_method(deep, "DeepLiftShap"),
    "captum_gradient": captum_method(gradient, "GradientShap"),
    "captum_grad_cam": captum_method(grad_cam, "LayerGradCam"),
}
TAKES_MANY = {"shap_tree", "xgboost"}


def prepare(asked):
    try:
        name, run = PEERS[asked["peer"]](asked)
    except ImportError as error:
        return {"missing": str(error)}
    RUNS[asked["id"]] = (run, asked["peer"] in TAKES_MANY)
    return {"name": name}


def measure(asked):
    run, takes_many = RUNS[asked["id"]]
    from_, to = asked["from"], asked["to"]
    began = time.perf_counter()
    found = run(from_, to) if takes_many else [run(at) for at in range(from_, to)][0]
    ms = (time.perf_counter() - began) * 1000 / (to - from_)
    values = None if found is None else [float(value) for value in np.asarray(found).reshape(-1)]
    return {"ms": ms, "values": values}


answers = os.fdopen(os.dup(sys.stdout.fileno()), "w")
# What a library prints is no answer.
os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
for line in sys.stdin:
    asked = json.loads(line)
    np.random.seed(0)
    try:
        answer = prepare(asked) if "peer" in asked else measure(asked)
    except Exception as error:  # noqa: BLE001
        answer = {"failed": f"{type(error).__name__}: {error}"}
    answers.write(json.dumps(answer) + "\n")
    answers.flush()
