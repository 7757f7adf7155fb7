"""Small networks of timm and transformers with random weights, for the benchmarks of PyTorch."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from typing import Any

Made = tuple[Any, tuple[Any, ...]]
"""A module, and the inputs that it is exported with."""

SIZE = 64
"""The height and width of images."""
TOKENS = 12
"""The length of texts."""
SMALL = {
    "vocab_size": 500, "hidden_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4,
    "intermediate_size": 128, "max_position_embeddings": 64,
}  # fmt: skip
"""What configurations of transformers have in common."""


def of_timm(name: str, **options: Any) -> Callable[[], Made]:
    """Return the maker of a network for images."""

    def make() -> Made:
        torch, timm = map(importlib.import_module, ("torch", "timm"))
        size = options.get("img_size", SIZE)
        module = timm.create_model(name, num_classes=10, **options)
        return module, (torch.randn(2, 3, size, size),)

    return make


def of_transformers(
    name: str, config: Mapping[str, Any], **names: Any
) -> Callable[[], Made]:
    """Return the maker of a network of a class; ``names`` are what its inputs are called.

    Inputs are ``"ids"``, ``"mask"``, ``"zeros"`` or the shape of a tensor.
    """

    def make() -> Made:
        torch, library = map(importlib.import_module, ("torch", "transformers"))
        made = getattr(library, name)
        settings = made.config_class(**config)
        if hasattr(settings, "use_cache"):
            settings.use_cache = False
        ids = torch.randint(5, 400, (2, TOKENS))
        values = {"ids": ids, "mask": torch.ones_like(ids), "zeros": ids * 0}
        given = names or {"input_ids": "ids", "attention_mask": "mask"}
        tensors = [
            values[value] if isinstance(value, str) else torch.randn(value)
            for value in given.values()
        ]
        return _whole(made(settings), [*given]), tuple(tensors)

    return make


def _whole(network: Any, names: list[str]) -> Any:
    """Return a network as a module that takes tensors in order, and returns all its tensors."""
    torch = importlib.import_module("torch")

    class Whole(torch.nn.Module):  # type: ignore[name-defined, misc]
        def __init__(self) -> None:
            super().__init__()
            self.network = network

        def forward(self, *inputs: Any) -> Any:
            outputs = self.network(**dict(zip(names, inputs))).to_tuple()
            tensors = tuple(y for y in outputs if isinstance(y, torch.Tensor))
            return tensors if len(tensors) > 1 else tensors[0]

    return Whole()


VIT = {"img_size": SIZE, "depth": 3}
IMAGES = {"pixel_values": (2, 3, SIZE, SIZE)}
WHISPER = {
    "vocab_size": 500, "d_model": 64, "encoder_layers": 2, "decoder_layers": 2,
    "encoder_attention_heads": 4, "decoder_attention_heads": 4, "encoder_ffn_dim": 128,
    "decoder_ffn_dim": 128, "max_source_positions": 50, "pad_token_id": 0, "bos_token_id": 1,
    "eos_token_id": 2, "decoder_start_token_id": 1,
}  # fmt: skip
T5 = {
    "vocab_size": 500,
    "d_model": 64,
    "d_kv": 16,
    "d_ff": 128,
    "num_layers": 2,
    "num_heads": 4,
}
VISION = {
    "hidden_size": 64, "intermediate_size": 128, "num_hidden_layers": 2, "num_attention_heads": 4,
    "image_size": SIZE, "patch_size": 16,
}  # fmt: skip
SPEECH = {
    "vocab_size": 30, "hidden_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4,
    "intermediate_size": 128, "conv_dim": (32,) * 7, "num_conv_pos_embeddings": 16,
    "num_conv_pos_embedding_groups": 4,
}  # fmt: skip
TOKEN_IDS = {
    "pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 2, "cls_token_id": 1, "sep_token_id": 2,
}  # fmt: skip
NETWORKS: Mapping[str, Callable[[], Made]] = {
    "resnet18": of_timm("resnet18"),
    "resnet50": of_timm("resnet50", layers=(1, 1, 1, 1)),
    "mobilenetv3": of_timm("mobilenetv3_small_050"),
    "efficientnet_b0": of_timm("efficientnet_b0"),
    "densenet": of_timm("densenet121", block_config=(2, 2, 2, 2)),
    "regnety": of_timm("regnety_002"),
    "convnext": of_timm("convnext_atto"),
    "vit": of_timm("vit_tiny_patch16_224", **VIT),
    "deit": of_timm("deit_tiny_distilled_patch16_224", **VIT),
    "beit": of_timm("beit_base_patch16_224", **VIT, embed_dim=48, num_heads=3),
    "swin": of_timm(
        "swin_tiny_patch4_window7_224", img_size=56, embed_dim=24, depths=(1, 1, 1, 1),
        num_heads=(1, 2, 3, 4),
    ),
    "mobilevit": of_timm("mobilevit_xxs"),
    "mixer": of_timm("mixer_s32_224", img_size=SIZE),
    "convnextv2": of_timm("convnextv2_atto"),
    "dla": of_timm("dla34"),
    "edgenext": of_timm("edgenext_xx_small"),
    "ghostnet": of_timm("ghostnet_050"),
    "levit": of_timm("levit_128s", img_size=SIZE),
    "maxvit": of_timm("maxvit_rmlp_pico_rw_256", img_size=2 * SIZE),
    "mobilenetv4": of_timm("mobilenetv4_conv_small_035"),
    "nf_resnet": of_timm("nf_resnet26"),
    "poolformer": of_timm("poolformer_s12"),
    "pvt_v2": of_timm("pvt_v2_b0"),
    "res2net": of_timm("res2net50_26w_4s", layers=(1, 1, 1, 1)),
    "xcit": of_timm("xcit_nano_12_p16_224", img_size=SIZE, depth=2),
    "cait": of_timm("cait_xxs24_224", img_size=SIZE, depth=2),
    "tnt": of_timm("tnt_s_legacy_patch16_224", img_size=SIZE, depth=2),
    "bert": of_transformers(
        "BertForSequenceClassification", SMALL, input_ids="ids", attention_mask="mask",
        token_type_ids="zeros",
    ),
    "roberta": of_transformers("RobertaForMaskedLM", SMALL),
    "distilbert": of_transformers(
        "DistilBertForSequenceClassification",
        {"vocab_size": 500, "dim": 64, "n_layers": 2, "n_heads": 4, "hidden_dim": 128},
    ),
    "albert": of_transformers("AlbertModel", {**SMALL, "embedding_size": 32}),
    "electra": of_transformers("ElectraForTokenClassification", {**SMALL, "embedding_size": 32}),
    "gpt2": of_transformers(
        "GPT2LMHeadModel",
        {"vocab_size": 500, "n_positions": 64, "n_embd": 64, "n_layer": 2, "n_head": 4},
    ),
    "llama": of_transformers("LlamaForCausalLM", {**SMALL, "num_key_value_heads": 2}),
    "qwen3": of_transformers(
        "Qwen3ForCausalLM", {**SMALL, "num_key_value_heads": 2, "head_dim": 16}
    ),
    "t5_encoder": of_transformers("T5EncoderModel", T5),
    "clip_vision": of_transformers("CLIPVisionModel", VISION, **IMAGES),
    "whisper": of_transformers(
        "WhisperForAudioClassification", WHISPER, input_features=(2, 80, 100)
    ),
    "wav2vec2": of_transformers("Wav2Vec2ForCTC", SPEECH, input_values=(1, 6000)),
    "hubert": of_transformers("HubertForCTC", SPEECH, input_values=(1, 6000)),
    "bert_words": of_transformers("BertForMaskedLM", SMALL),
    "bloom": of_transformers(
        "BloomForCausalLM", {"vocab_size": 500, "hidden_size": 64, "n_layer": 2, "n_head": 4}
    ),
    "clip_text": of_transformers("CLIPTextModelWithProjection", {**SMALL, "projection_dim": 32}),
    "data2vec": of_transformers("Data2VecTextForSequenceClassification", SMALL),
    "deberta": of_transformers(
        "DebertaV2ForSequenceClassification",
        {**SMALL, "relative_attention": True, "pos_att_type": ["c2p", "p2c"],
         "norm_rel_ebd": "layer_norm", "position_buckets": 8, "max_relative_positions": 16},
    ),
    "dinov2": of_transformers(
        "Dinov2ForImageClassification", {**VISION, "image_size": 56, "patch_size": 14},
        pixel_values=(2, 3, 56, 56),
    ),
    "funnel": of_transformers(
        "FunnelModel",
        {"vocab_size": 500, "block_sizes": [1, 1], "d_model": 64, "n_head": 4, "d_head": 16,
         "d_inner": 128, "num_decoder_layers": 1},
    ),
    "gemma2": of_transformers(
        "Gemma2ForCausalLM", {**SMALL, "num_key_value_heads": 2, "head_dim": 16}
    ),
    "gpt_neo": of_transformers(
        "GPTNeoForCausalLM",
        {"vocab_size": 500, "hidden_size": 64, "num_layers": 2, "num_heads": 4,
         "attention_types": [[["global", "local"], 1]], "max_position_embeddings": 64,
         "window_size": 8},
    ),
    "gpt_neox": of_transformers("GPTNeoXForCausalLM", SMALL),
    "mistral": of_transformers(
        "MistralForCausalLM", {**SMALL, "num_key_value_heads": 2, "head_dim": 16}
    ),
    "mobilebert": of_transformers(
        "MobileBertModel",
        {**SMALL, "embedding_size": 32, "intra_bottleneck_size": 32, "true_hidden_size": 32,
         "num_feedforward_networks": 2},
    ),
    "modernbert": of_transformers("ModernBertForMaskedLM", {**SMALL, **TOKEN_IDS}),
    "mpnet": of_transformers("MPNetModel", SMALL),
    "opt": of_transformers(
        "OPTForCausalLM",
        {"vocab_size": 500, "hidden_size": 64, "num_hidden_layers": 2, "ffn_dim": 128,
         "num_attention_heads": 4, "max_position_embeddings": 64, "word_embed_proj_dim": 64},
    ),
    "phi": of_transformers("PhiForCausalLM", SMALL),
    "segformer": of_transformers(
        "SegformerForSemanticSegmentation",
        {"depths": [1, 1, 1, 1], "hidden_sizes": [8, 16, 24, 32],
         "num_attention_heads": [1, 2, 2, 4], "decoder_hidden_size": 32},
        **IMAGES,
    ),
    "siglip": of_transformers("SiglipVisionModel", VISION, **IMAGES),
    "squeezebert": of_transformers("SqueezeBertModel", {**SMALL, "embedding_size": 64}),
    "t5": of_transformers(
        "T5ForConditionalGeneration", T5, input_ids="ids", decoder_input_ids="ids"
    ),
    "videomae": of_transformers(
        "VideoMAEForVideoClassification", {**VISION, "image_size": 32, "num_frames": 4},
        pixel_values=(1, 4, 3, 32, 32),
    ),
}  # fmt: skip
"""What makes each network, by the name of the row."""
