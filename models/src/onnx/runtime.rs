//! Finds and loads the ONNX Runtime library.

use std::{
    env,
    path::{Path, PathBuf},
    sync::OnceLock,
};

use ort::environment::Environment;

use crate::{Error, Result, cache};

/// The version with which the programs are tested.
pub(crate) const VERSION: &str = "1.32.0";

const ADVICE: &str = "Run `make demo` or `make install` in the source tree, or set CLOZE_ONNXRUNTIME to the \
                      libonnxruntime.so of the PyPI package onnxruntime==1.32.0";

/// The process-wide environment of ONNX Runtime, made at the first call.
///
/// # Errors
/// [`Error::Runtime`] if no library is found or the library is unusable.
pub(crate) fn environment() -> Result<&'static Environment> {
    static ENVIRONMENT: OnceLock<Result<Environment, String>> = OnceLock::new();
    ENVIRONMENT.get_or_init(|| load().map_err(|e| e.to_string())).as_ref().map_err(|found| Error::Runtime {
        expected: VERSION,
        found: found.clone(),
        advice: ADVICE.into(),
    })
}

fn load() -> Result<Environment, String> {
    let path = find()?;
    let at = |e: &dyn std::fmt::Display| format!("{} cannot be loaded ({e})", path.display());
    let builder = ort::environment::init_from(&path).map_err(|e| at(&e))?;
    builder.with_telemetry(false).build().map_err(|e| at(&e))
}

/// The library that `CLOZE_ONNXRUNTIME` names, else the installed one, else the cached one.
fn find() -> Result<PathBuf, String> {
    if let Some(path) = env::var_os("CLOZE_ONNXRUNTIME").map(PathBuf::from) {
        return if path.is_file() {
            Ok(path)
        } else {
            Err(format!("CLOZE_ONNXRUNTIME names {}, which is not a file", path.display()))
        };
    }
    let places = places();
    places.iter().find(|p| p.is_file()).cloned().ok_or_else(|| {
        let list: Vec<_> = places.iter().map(|p| p.display().to_string()).collect();
        format!("there is no library at {}", list.join(" or "))
    })
}

fn places() -> Vec<PathBuf> {
    let below = |root: PathBuf| root.join("runtime").join(VERSION).join(library_name());
    let installed = cache::installed().map(below);
    let cached = cache::root().ok().map(below);
    installed.into_iter().chain(cached).collect()
}

fn library_name() -> String {
    if cfg!(target_os = "macos") {
        format!("libonnxruntime.{VERSION}.dylib")
    } else {
        format!("libonnxruntime.so.{VERSION}")
    }
}

/// The processor's features, which distinguish graphs optimised on different machines.
pub(crate) fn cpu_features() -> String {
    #[cfg(target_arch = "x86_64")]
    {
        let mut found = String::from("x86_64");
        for (name, has) in [
            ("avx2", is_x86_feature_detected!("avx2")),
            ("avx512f", is_x86_feature_detected!("avx512f")),
            ("avx512vnni", is_x86_feature_detected!("avx512vnni")),
            ("avxvnni", is_x86_feature_detected!("avxvnni")),
            ("amx", Path::new("/proc/cpuinfo").is_file() && cpuinfo_has("amx_int8")),
        ] {
            if has {
                found.push('-');
                found.push_str(name);
            }
        }
        found
    }
    #[cfg(not(target_arch = "x86_64"))]
    {
        std::env::consts::ARCH.to_owned()
    }
}

#[cfg(target_arch = "x86_64")]
fn cpuinfo_has(flag: &str) -> bool {
    std::fs::read_to_string("/proc/cpuinfo").is_ok_and(|text| {
        text.lines().find(|l| l.starts_with("flags")).is_some_and(|l| l.split_whitespace().any(|f| f == flag))
    })
}
