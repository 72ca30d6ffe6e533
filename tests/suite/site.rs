//! A folder of documents and its index: what most tests begin with.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use cloze_query::{Answer, Engine, Mode, Request};
use serde_json::Value;
use tempfile::TempDir;

/// A temporary folder with documents below `docs` and an index beside them.
pub struct Site {
    root: PathBuf,
    /// Removes the folder in the end, if it is a temporary one.
    _dir: Option<TempDir>,
}

impl Site {
    pub fn new() -> Self {
        let dir = TempDir::new().unwrap();
        fs::create_dir(dir.path().join("docs")).unwrap();
        Self { root: dir.path().to_owned(), _dir: Some(dir) }
    }

    /// A site in a folder that stays.
    pub fn at(root: PathBuf) -> Self {
        fs::create_dir_all(root.join("docs")).unwrap();
        Self { root, _dir: None }
    }

    /// A site with these pages: name and content.
    pub fn with(pages: &[(&str, &str)]) -> Self {
        let site = Self::new();
        pages.iter().for_each(|(name, text)| site.write(name, text));
        site
    }

    pub fn root(&self) -> &Path {
        &self.root
    }

    pub fn docs(&self) -> PathBuf {
        self.root.join("docs")
    }

    pub fn index(&self) -> PathBuf {
        self.root.join("index")
    }

    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        let path = self.docs().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    /// The directory of the live generation.
    pub fn generation(&self) -> PathBuf {
        let current = fs::read_to_string(self.index().join("CURRENT")).unwrap();
        self.index().join("generations").join(current.split_whitespace().next().unwrap())
    }

    /// Runs one of the programs in the site's folder, with `--index`.
    pub fn run(&self, program: &str, args: &[&str]) -> Output {
        self.command(program, args).output().unwrap()
    }

    pub fn command(&self, program: &str, args: &[&str]) -> Command {
        let exe = match program {
            "indexer" => env!("CARGO_BIN_EXE_indexer"),
            "query" => env!("CARGO_BIN_EXE_query"),
            "server" => env!("CARGO_BIN_EXE_server"),
            other => panic!("no program {other}"),
        };
        let mut command = Command::new(exe);
        command.current_dir(self.root()).args(args).arg("--index").arg(self.index());
        command
    }

    /// `indexer build docs --json`; gives the exit code and the report.
    pub fn build_with(&self, args: &[&str]) -> (i32, Value) {
        let output = self.run("indexer", &[&["build", "docs", "--json"], args].concat());
        let stderr = String::from_utf8_lossy(&output.stderr);
        let report = serde_json::from_slice(&output.stdout).unwrap_or_else(|e| panic!("{e}: {stderr}"));
        (output.status.code().unwrap(), report)
    }

    pub fn build(&self) -> Value {
        let (code, report) = self.build_with(&[]);
        assert_eq!(code, 0, "{report}");
        report
    }

    pub fn engine(&self) -> Engine {
        Engine::open(&self.index(), None).unwrap()
    }

    pub fn search(&self, query: &str, mode: Mode) -> Answer {
        let mut request = Request::new(query).unwrap();
        request.mode = mode;
        self.engine().search(&request).unwrap()
    }
}

pub fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Sources of one of a report's lists.
pub fn sources<'a>(report: &'a Value, list: &str) -> Vec<&'a str> {
    report[list].as_array().unwrap().iter().map(|s| s["source"].as_str().unwrap()).collect()
}
