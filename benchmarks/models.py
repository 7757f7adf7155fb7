"""The models of the benchmark: a fixed list over all families, with inputs of usual sizes.

They are looked up by file name in the folders given; none lies in this repository. Those
called timm-, hf- and torch- are exports of torch with random weights, sk- of scikit-learn
(see their names for architecture), the others were released as files.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

FAMILIES = (
    "dense CNN",
    "depthwise CNN",
    "detection",
    "OCR",
    "transformer",
    "decoder",
    "RNN audio",
    "int8",
    "trees",
    "tiny",
)


@dataclass(frozen=True)
class Floats:
    """Uniform random numbers."""

    shape: tuple[int, ...]
    low: float = -1.0
    high: float = 1.0
    dtype: str = "float32"

    def draw(self, random: np.random.Generator) -> np.ndarray:
        """Return an array of random numbers."""
        return random.uniform(self.low, self.high, self.shape).astype(self.dtype)


@dataclass(frozen=True)
class Ids:
    """Random integers below ``count``."""

    count: int
    shape: tuple[int, ...]

    def draw(self, random: np.random.Generator) -> np.ndarray:
        """Return an array of random integers."""
        return random.integers(0, self.count, self.shape)


@dataclass(frozen=True)
class Given:
    """Numbers that are not random: lengths, positions, masks."""

    values: Any
    dtype: str = "int64"

    def draw(self, random: np.random.Generator) -> np.ndarray:
        """Return the numbers."""
        return np.array(self.values, self.dtype)


Input = Floats | Ids | Given


@dataclass(frozen=True)
class Entry:
    """A model, its family, and what it is fed."""

    file: str
    """The name of the file, without ``.onnx``."""
    family: str
    inputs: dict[str, Input] = field(default_factory=dict)
    variant: str = ""
    """What tells rows of one file apart: ``batch 32``."""
    single: str = ""
    """The row of the same network in float32."""
    timm: str = ""
    """The name by which timm makes the network, for torch."""

    @property
    def name(self) -> str:
        """What the row is called."""
        return f"{self.file} {self.variant}".strip()

    def feeds(self) -> dict[str, np.ndarray]:
        """Return the inputs, the same each time."""
        random = np.random.default_rng(0)
        return {name: each.draw(random) for name, each in self.inputs.items()}

    def find(self, folders: Iterable[Path]) -> Path | None:
        """Return where the model is."""
        paths = (folder / f"{self.file}.onnx" for folder in folders)
        return next((path for path in paths if path.exists()), None)


def _image(batch: int = 1) -> dict[str, Input]:
    return {"x": Floats((batch, 3, 224, 224), -2.0, 2.0)}


def _text(count: int, length: int, batch: int = 1) -> dict[str, Input]:
    return {
        "input_ids": Ids(count, (batch, length)),
        "attention_mask": Given(np.ones((batch, length), int)),
        "token_type_ids": Given(np.zeros((batch, length), int)),
    }


def _cached(new: int, past: int, heads: int, size: int, count: int) -> dict[str, Input]:
    """A decoder's new tokens, with keys and values of two layers for those before."""
    shape = (1, heads, past, size)
    keys = [f"past.{i}.{what}" for i in (0, 1) for what in ("key", "value")]
    return {
        "input_ids": Ids(count, (1, new)),
        "attention_mask": Given(np.ones((1, past + new), int)),
        "position_ids": Given(np.arange(past, past + new)[None]),
        **{key: Floats(shape) for key in keys},
    }


ENTRIES = (
    Entry("timm-resnet50", "dense CNN", _image(), timm="resnet50"),
    Entry("timm-resnet18", "dense CNN", _image(), timm="resnet18"),
    Entry("timm-resnet18", "dense CNN", _image(8), "batch 8", timm="resnet18"),
    Entry("light-vgg19", "dense CNN", {"data_0": Floats((1, 3, 224, 224))}),
    Entry("torch-unet", "dense CNN", {"x": Floats((1, 3, 96, 128))}),
    Entry(
        "timm-mobilenetv2-legacy9", "depthwise CNN", _image(), timm="mobilenetv2_050"
    ),
    Entry("timm-efficientnet-b0", "depthwise CNN", _image(), timm="efficientnet_b0"),
    Entry("timm-convnext-tiny", "depthwise CNN", _image(), timm="convnext_tiny"),
    Entry("ultraface-rfb-320", "detection", {"input": Floats((1, 3, 240, 320))}),
    Entry("torch-yolo-head-nms", "detection", {"x": Floats((1, 3, 128, 160))}),
    Entry("ppocr-v4-det", "OCR", {"x": Floats((1, 3, 320, 320))}),
    Entry("ppocr-v4-rec", "OCR", {"x": Floats((1, 3, 48, 320))}),
    Entry("ddddocr-common", "OCR", {"input1": Floats((1, 1, 64, 160))}),
    Entry("timm-vit-tiny", "transformer", _image(), timm="vit_tiny_patch16_224"),
    Entry("hf-bert-mini-legacy14", "transformer", _text(1000, 64)),
    Entry("hf-bert-mini-legacy14", "transformer", _text(1000, 64, 32), "batch 32"),
    Entry("hf-whisper-encoder", "transformer", {"mel": Floats((1, 80, 200))}),
    Entry("hf-llama-gqa-past", "decoder", _cached(3, 5, 2, 8, 500)),
    Entry("hf-gpt2-past-legacy14", "decoder", _cached(1, 32, 4, 16, 500)),
    Entry(
        "silero-vad-v6",
        "RNN audio",
        {
            "input": Floats((1, 576)),
            "state": Floats((2, 1, 128)),
            "sr": Given(16000),
        },
    ),
    Entry(
        "fw-silero-vad-v6",
        "RNN audio",
        {
            "input": Floats((50, 576)),
            "h": Floats((1, 1, 128)),
            "c": Floats((1, 1, 128)),
        },
    ),
    Entry(
        "lac-bigru-crf",
        "RNN audio",
        {"token_ids": Ids(5000, (1, 30)), "length": Given([30])},
    ),
    Entry("torch-lstm", "RNN audio", {"ids": Ids(100, (2, 9))}),
    Entry("torch-gru", "RNN audio", {"ids": Ids(100, (2, 9))}),
    Entry("dnsmos-sig-bak-ovr", "RNN audio", {"input_1": Floats((1, 144160))}),
    Entry("minilm-l6-int8", "int8", _text(30000, 64)),
    Entry("q-resnet18-qdq", "int8", _image(), single="timm-resnet18"),
    Entry(
        "q-mobilenetv2-qoperator", "int8", _image(), single="timm-mobilenetv2-legacy9"
    ),
    Entry("q-bert-dynamic", "int8", _text(1000, 64), single="hf-bert-mini-legacy14"),
    Entry(
        "kws-qdq",
        "int8",
        {"serving_default_input:0": Floats((1, 1960))},
        single="kws-fp32",
    ),
    Entry("sk-rf-classifier", "trees", {"X": Floats((7, 10), -2.0, 2.0)}),
    Entry(
        "sk-rf-classifier", "trees", {"X": Floats((1000, 10), -2.0, 2.0)}, "batch 1000"
    ),
    Entry("luscinia-lgbm", "trees", {"float_input": Floats((4, 132))}),
    Entry("tract-xgb-cls", "trees", {"input": Floats((4, 13))}),
    Entry("tract-xgb-cls", "trees", {"input": Floats((1000, 13))}, "batch 1000"),
    Entry("kws-fp32", "tiny", {"serving_default_input:0": Floats((1, 1960))}),
    Entry("mnist-8", "tiny", {"Input3": Floats((1, 1, 28, 28), 0.0, 255.0)}),
    Entry("winml-iris-mlp", "tiny", {"input": Floats((1, 4))}),
    Entry("surfaces-mlp", "tiny", {"input": Floats((1, 4))}),
    Entry("surfaces-mlp", "tiny", {"input": Floats((32, 4))}, "batch 32"),
    Entry("sk-scaler-logreg", "tiny", {"X": Floats((1, 10), -2.0, 2.0)}),
)
