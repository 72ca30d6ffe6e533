//! Files inside a zip archive, with limits on the cost of unpacking.

use std::io::{Cursor, ErrorKind, Read};

use zip::{ZipArchive, result::ZipError};

/// Maximum number of files in an archive.
const ENTRIES: usize = 20_000;
/// Maximum total size of the unpacked parts of an archive, in bytes.
const UNPACKED: u64 = 128 << 20;
/// Magic bytes of files from Office before 2007, and of encrypted Office files.
const COMPOUND: &[u8] = &[0xD0, 0xCF, 0x11, 0xE0];

/// An archive in memory. Nested archives are plain bytes: they are not opened.
pub(super) struct Archive<'a> {
    zip: ZipArchive<Cursor<&'a [u8]>>,
    /// Number of bytes that may still be unpacked. The sizes in the headers do not count.
    left: u64,
}

impl<'a> Archive<'a> {
    /// Reads the list of files.
    ///
    /// # Errors
    /// A sentence: not a zip archive, an encrypted Office file, or an archive with too many files.
    pub(super) fn open(bytes: &'a [u8]) -> Result<Self, String> {
        if bytes.starts_with(COMPOUND) {
            return Err("the file has a password, or a format older than Office 2007; expected a zip archive".into());
        }
        let zip = ZipArchive::new(Cursor::new(bytes)).map_err(|e| format!("the file is not a zip archive ({e})"))?;
        if zip.len() > ENTRIES {
            return Err(format!("the archive has {} files; expected at most {ENTRIES}", zip.len()));
        }
        Ok(Self { zip, left: UNPACKED })
    }

    /// The bytes of a file; `None` if there is no such file.
    ///
    /// # Errors
    /// A sentence: encrypted, damaged, or too large.
    pub(super) fn bytes(&mut self, name: &str) -> Result<Option<Vec<u8>>, String> {
        let file = match self.zip.by_name(name) {
            Ok(file) => file,
            Err(ZipError::FileNotFound) => return Ok(None),
            Err(ZipError::UnsupportedArchive(why)) if why == ZipError::PASSWORD_REQUIRED => {
                return Err(format!("{name} is protected by a password"));
            }
            Err(e) => return Err(format!("cannot unpack {name} ({e})")),
        };
        let mut bytes = Vec::new();
        match file.take(self.left + 1).read_to_end(&mut bytes) {
            Ok(read) if read as u64 > self.left => Err(format!("the unpacked archive has more than {UNPACKED} bytes")),
            Ok(read) => {
                self.left -= read as u64;
                Ok(Some(bytes))
            }
            Err(e) if e.kind() == ErrorKind::OutOfMemory => Err(format!("{name} does not fit in memory")),
            Err(e) => Err(format!("cannot unpack {name} ({e})")),
        }
    }

    /// The text of a file in UTF-8 or, with a byte order mark, UTF-16; `None` if there is no such file.
    ///
    /// # Errors
    /// As [`Self::bytes`], or text in another encoding.
    pub(super) fn text(&mut self, name: &str) -> Result<Option<String>, String> {
        let Some(bytes) = self.bytes(name)? else { return Ok(None) };
        decode(bytes).map(Some).ok_or_else(|| format!("{name} is neither UTF-8 nor UTF-16"))
    }
}

fn decode(bytes: Vec<u8>) -> Option<String> {
    let wide = |from_bytes: fn([u8; 2]) -> u16| {
        let units = bytes[2..].chunks_exact(2).map(|pair| from_bytes([pair[0], pair[1]]));
        char::decode_utf16(units).collect::<Result<String, _>>().ok()
    };
    match bytes.get(..2) {
        Some([0xFF, 0xFE]) => wide(u16::from_le_bytes),
        Some([0xFE, 0xFF]) => wide(u16::from_be_bytes),
        _ => String::from_utf8(bytes).ok().map(|text| match text.strip_prefix('\u{feff}') {
            Some(rest) => rest.to_owned(),
            None => text,
        }),
    }
}

/// The name of a file that another file refers to: relative to the folder of that file, `..` resolved.
pub(super) fn resolve(from: &str, reference: &str) -> String {
    let folder = match reference.strip_prefix('/') {
        Some(_) => "",
        None => from.rsplit_once('/').map_or("", |(folder, _)| folder),
    };
    let mut parts: Vec<&str> = Vec::new();
    for part in folder.split('/').chain(reference.split('/')) {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    parts.join("/")
}

#[cfg(test)]
pub(super) mod tests {
    use std::io::Write;

    use zip::{ZipWriter, write::SimpleFileOptions};

    use super::*;

    /// An archive of these files.
    pub(in super::super) fn packed(files: &[(&str, &[u8])]) -> Vec<u8> {
        let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
        for (name, bytes) in files {
            zip.start_file(*name, SimpleFileOptions::default()).expect("a new name");
            zip.write_all(bytes).expect("in memory");
        }
        zip.finish().expect("in memory").into_inner()
    }

    /// Changes bytes of a file, identically in every run, and passes on each result.
    pub(in super::super) fn mutations(bytes: &[u8], rounds: u64, mut look: impl FnMut(&[u8])) {
        let mut state = 0x9E37_79B9_7F4A_7C15_u64;
        let mut next = |below: usize| {
            // Marsaglia's xorshift with the shifts 13, 7, 17.
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            (state % below.max(1) as u64) as usize
        };
        for _ in 0..rounds {
            let mut changed = bytes.to_vec();
            for _ in 0..=next(8) {
                let at = next(changed.len());
                match next(4) {
                    0 => changed.truncate(at.max(1)),
                    1 => changed[at] = next(256) as u8,
                    2 => {
                        changed.remove(at);
                    }
                    _ => changed.insert(at, b"\\<>{}\"'&.%\n"[next(11)]),
                }
                if changed.is_empty() {
                    break;
                }
            }
            look(&changed);
        }
    }

    #[test]
    fn files_are_unpacked_by_name() {
        let bytes = packed(&[("a/b.txt", "\u{feff}tea".as_bytes()), ("w", b"\xFF\xFEt\0\xE9\0"), ("x", b"\xFF")]);
        let mut archive = Archive::open(&bytes).expect("an archive");
        assert_eq!(archive.text("a/b.txt"), Ok(Some("tea".into())));
        assert_eq!(archive.text("w"), Ok(Some("té".into())));
        assert_eq!(archive.text("none"), Ok(None));
        assert!(archive.text("x").expect_err("not text").contains("neither UTF-8"));
    }

    #[test]
    fn what_is_no_archive_says_so() {
        assert!(Archive::open(b"plain").err().expect("refused").contains("not a zip archive"));
        assert!(Archive::open(COMPOUND).err().expect("refused").contains("password"));
    }

    #[test]
    fn a_bomb_is_not_unpacked() {
        let zeros = vec![0; 48 << 20];
        let bytes = packed(&[("a", &zeros), ("b", &zeros), ("c", &zeros)]);
        assert!(bytes.len() < 1 << 20, "it is small as it lies there");
        let mut archive = Archive::open(&bytes).expect("an archive");
        assert!(archive.bytes("a").is_ok() && archive.bytes("b").is_ok());
        assert!(archive.bytes("c").expect_err("too large").contains("134217728 bytes"));
    }

    #[test]
    fn references_are_relative_to_their_file() {
        for (from, reference, name) in [
            ("word/document.xml", "styles.xml", "word/styles.xml"),
            ("word/document.xml", "/word/styles.xml", "word/styles.xml"),
            ("a/b/c.xml", "../d.xml", "a/d.xml"),
            ("c.xml", "../../d.xml", "d.xml"),
        ] {
            assert_eq!(resolve(from, reference), name);
        }
    }
}
