//! Files and folders that the user of a program may not read or write.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::Value;

use crate::{
    running::Server,
    site::{Site, sources, stderr},
    support::fixture,
};

const PROGRAMS: [&str; 3] = ["indexer", "query", "server"];

fn set(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

fn is_root() -> bool {
    Command::new("id").arg("-u").output().is_ok_and(|o| o.stdout == b"0\n")
}

/// The programs as a user to whom permissions apply: for root, as nobody, with copies of all they need
/// where nobody can read them. `None`, with a message, where that cannot be.
struct Restricted<'a> {
    site: &'a Site,
    drops: bool,
}

impl<'a> Restricted<'a> {
    fn on(site: &'a Site) -> Option<Self> {
        let drops = is_root();
        if drops && Command::new("setpriv").arg("--version").output().is_err() {
            println!("skipped: as root this needs setpriv");
            return None;
        }
        set(site.root(), 0o755);
        for folder in ["bin", "model", "cache"] {
            fs::create_dir(site.root().join(folder)).unwrap();
        }
        set(&site.root().join("cache"), 0o777);
        for program in PROGRAMS {
            let from = PathBuf::from(site.command(program, &[]).get_program());
            fs::copy(from, site.root().join("bin").join(program)).unwrap();
        }
        for file in ["config.json", "tokenizer.json", "model.safetensors"] {
            fs::copy(fixture("tiny-bert").join(file), site.root().join("model").join(file)).unwrap();
        }
        let library = cloze_models::cache::root().unwrap().join("runtime/1.32.0/libonnxruntime.so.1.32.0");
        let library = std::env::var_os("CLOZE_ONNXRUNTIME").map_or(library, PathBuf::from);
        fs::copy(library, site.root().join("libonnxruntime.so")).unwrap();
        Some(Self { site, drops })
    }

    fn command(&self, program: &str, args: &[&str]) -> Command {
        let root = self.site.root();
        let program = root.join("bin").join(program);
        let mut command = if self.drops {
            let mut command = Command::new("setpriv");
            command.args(["--reuid=65534", "--regid=65534", "--clear-groups", "--"]).arg(program);
            command
        } else {
            Command::new(program)
        };
        command.current_dir(root).args(args).arg("--index").arg(self.site.index());
        command.env("CLOZE_ONNXRUNTIME", root.join("libonnxruntime.so")).env("CLOZE_CACHE", root.join("cache"));
        command
    }

    fn run(&self, program: &str, args: &[&str]) -> std::process::Output {
        self.command(program, args).output().unwrap()
    }
}

#[test]
fn an_unreadable_file_is_skipped_and_an_unreadable_folder_refused() {
    let site = Site::with(&[("good.md", "# Good\n\nThis page is fine.\n"), ("closed.md", "# Closed\n")]);
    let Some(programs) = Restricted::on(&site) else { return };
    fs::create_dir(site.index()).unwrap();
    set(&site.index(), 0o777);
    set(&site.docs(), 0o755);
    set(&site.docs().join("good.md"), 0o644);
    set(&site.docs().join("closed.md"), 0o000);
    let built = programs.run("indexer", &["build", "docs", "--model", "./model", "--json"]);
    assert_eq!(built.status.code(), Some(3), "{}", stderr(&built));
    let report: Value = serde_json::from_slice(&built.stdout).unwrap();
    assert_eq!((report["pages"].as_u64(), sources(&report, "skipped")), (Some(1), vec!["closed.md"]));
    let reason = report["skipped"][0]["reason"].as_str().unwrap();
    assert!(reason.contains("cannot read the file (Permission denied"), "{reason}");
    set(&site.docs(), 0o000);
    let refused = programs.run("indexer", &["build", "docs", "--model", "./model"]);
    set(&site.docs(), 0o755);
    assert_eq!(refused.status.code(), Some(1));
    assert!(stderr(&refused).contains("cannot read docs: Permission denied"), "{}", stderr(&refused));
}

/// Names, sizes and times of everything below a folder.
fn listing(root: &Path) -> Vec<(PathBuf, u64, std::time::SystemTime)> {
    let mut open = vec![root.to_owned()];
    let mut all = Vec::new();
    while let Some(dir) = open.pop() {
        for entry in fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            let data = path.metadata().unwrap();
            if data.is_dir() {
                open.push(path.clone());
            }
            all.push((path, data.len(), data.modified().unwrap()));
        }
    }
    all.sort();
    all
}

/// `query` and `server` answer from a read-only index.
fn answers(query: &std::process::Output, server: Command) {
    let text = String::from_utf8_lossy(&query.stdout);
    assert!(query.status.success() && text.contains("Good"), "{}", stderr(query));
    let mut server = Server::of(server);
    let found = server.get("/search?q=fine").unwrap();
    assert_eq!((found.status, found.json()["hits"][0]["id"].as_str()), (200, Some("good.md")));
    assert!(server.end(), "it ends well");
}

#[test]
fn an_index_without_the_right_to_write_is_served() {
    let site = Site::with(&[("good.md", "# Good\n\nThis page is fine.\n")]);
    let Some(programs) = Restricted::on(&site) else { return };
    let model = site.root().join("model");
    assert_eq!(site.build_with(&["--model", model.to_str().unwrap()]).0, 0);
    let all = listing(&site.index());
    all.iter().for_each(|(path, ..)| set(path, if path.is_dir() { 0o555 } else { 0o444 }));
    set(&site.index(), 0o555);
    answers(&programs.run("query", &["fine"]), programs.command("server", &[]));
    assert!(programs.run("indexer", &["verify"]).status.success());
    let build = programs.run("indexer", &["build", "docs", "--model", "./model"]);
    assert!(!build.status.success() && stderr(&build).contains("Permission denied"), "{}", stderr(&build));
    assert_eq!(listing(&site.index()), all, "nothing was written");
    // For the temporary folder to be removed.
    all.iter().filter(|(path, ..)| path.is_dir()).for_each(|(path, ..)| set(path, 0o755));
    set(&site.index(), 0o755);
}

#[test]
fn an_index_on_a_read_only_file_system_is_served() {
    let site = Site::with(&[("good.md", "# Good\n\nThis page is fine.\n")]);
    site.build();
    let mount = |args: &[&str]| {
        let status = Command::new("mount").args(args).arg(site.index()).status();
        status.is_ok_and(|s| s.success())
    };
    let index = site.index();
    if !is_root() || !mount(&["--bind", index.to_str().unwrap()]) {
        println!("skipped: a read-only file system needs the right to mount");
        return;
    }
    assert!(mount(&["-o", "remount,ro,bind"]));
    let outcome = std::panic::catch_unwind(|| {
        assert!(fs::write(index.join("probe"), "x").is_err(), "it is read-only");
        answers(&site.run("query", &["fine"]), site.command("server", &[]));
        let build = site.run("indexer", &["build", "docs"]);
        assert!(stderr(&build).contains("Read-only file system"), "{}", stderr(&build));
    });
    assert!(Command::new("umount").arg(&index).status().unwrap().success());
    outcome.unwrap_or_else(|panic| std::panic::resume_unwind(panic));
}
