//! Numbers and strings as bytes, and back.
//!
//! Numbers are little-endian groups of seven bits (LEB128). Lists of ascending numbers are stored as differences. In a
//! list of sorted strings, each is stored as the number of UTF-16 units that it shares with the one before, the number of
//! bytes of the rest, and the rest.

use crate::{Error, Result};

/// Bytes under construction.
#[derive(Debug, Default)]
pub(crate) struct Bytes(Vec<u8>);

impl Bytes {
    /// The bytes so far.
    pub(crate) fn into_inner(self) -> Vec<u8> {
        self.0
    }

    /// Number of bytes so far.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// Adds a number.
    pub(crate) fn number(&mut self, mut value: usize) {
        while value >= 0x80 {
            self.0.push((value & 0x7f) as u8 | 0x80);
            value >>= 7;
        }
        self.0.push(value as u8);
    }

    /// Adds bytes as they are.
    pub(crate) fn raw(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }

    /// Adds a float of 32 bits.
    pub(crate) fn float(&mut self, value: f32) {
        self.raw(&value.to_le_bytes());
    }

    /// Adds a string after another one of a sorted list.
    pub(crate) fn string_after(&mut self, before: &str, text: &str) {
        let shared = before.bytes().zip(text.bytes()).take_while(|(a, b)| a == b).count();
        // A character is never cut, and shared characters are counted as a browser counts them.
        let shared = (0..=shared).rev().find(|&at| text.is_char_boundary(at)).unwrap_or(0);
        self.number(text[..shared].encode_utf16().count());
        self.number(text.len() - shared);
        self.raw(&text.as_bytes()[shared..]);
    }

    /// Adds ascending numbers and their count.
    pub(crate) fn ascending(&mut self, numbers: &[u32]) {
        self.number(numbers.len());
        let mut last = 0;
        for &number in numbers {
            self.number((number - last) as usize);
            last = number;
        }
    }

    /// Adds sorted strings and their count.
    pub(crate) fn strings<'s>(&mut self, strings: impl ExactSizeIterator<Item = &'s str>) {
        self.number(strings.len());
        let mut before = "";
        for text in strings {
            self.string_after(before, text);
            before = text;
        }
    }
}

/// Bytes to read from. Every method fails, without a panic, when they end too early.
#[derive(Debug, Clone)]
pub(crate) struct Reader<'b>(&'b [u8]);

impl<'b> Reader<'b> {
    /// A reader from the first byte on.
    pub(crate) fn new(bytes: &'b [u8]) -> Self {
        Self(bytes)
    }

    /// The next number.
    pub(crate) fn number(&mut self) -> Result<usize> {
        let (mut value, mut shift) = (0usize, 0);
        loop {
            let byte = self.raw(1)?[0];
            value |= usize::from(byte & 0x7f) << shift;
            shift += 7;
            if byte < 0x80 {
                return Ok(value);
            }
            if shift > 42 {
                return Err(Error::Cut);
            }
        }
    }

    /// The next bytes.
    pub(crate) fn raw(&mut self, count: usize) -> Result<&'b [u8]> {
        let (bytes, rest) = self.0.split_at_checked(count).ok_or(Error::Cut)?;
        self.0 = rest;
        Ok(bytes)
    }

    /// The next float.
    pub(crate) fn float(&mut self) -> Result<f32> {
        let bytes = self.raw(4)?;
        Ok(f32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]))
    }

    /// The next string of a sorted list.
    pub(crate) fn string_after(&mut self, before: &str) -> Result<String> {
        let shared = self.number()?;
        let length = self.number()?;
        let rest = std::str::from_utf8(self.raw(length)?).map_err(|_| Error::Cut)?;
        let units: Vec<u16> = before.encode_utf16().take(shared).collect();
        let kept = String::from_utf16(&units).ok().filter(|_| units.len() == shared).ok_or(Error::Cut)?;
        Ok(kept + rest)
    }

    /// Goes past a string of a sorted list.
    pub(crate) fn skip_string(&mut self) -> Result<()> {
        self.number()?;
        let length = self.number()?;
        self.raw(length).map(drop)
    }

    /// The next ascending numbers.
    pub(crate) fn ascending(&mut self) -> Result<Vec<u32>> {
        let count = self.number()?;
        let (mut last, mut out) = (0u32, Vec::new());
        for _ in 0..count {
            last = last.wrapping_add(self.number()? as u32);
            out.push(last);
        }
        Ok(out)
    }

    /// The next sorted strings.
    pub(crate) fn strings(&mut self) -> Result<Vec<String>> {
        let mut out: Vec<String> = Vec::new();
        for _ in 0..self.number()? {
            out.push(self.string_after(out.last().map_or("", String::as_str))?);
        }
        Ok(out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let mut bytes = Bytes::default();
        bytes.number(300);
        bytes.ascending(&[0, 5, 5, 1_000_000]);
        bytes.strings(["élan", "élève", "été"].into_iter());
        bytes.float(-0.5);
        let bytes = bytes.into_inner();
        let mut reader = Reader::new(&bytes);
        assert_eq!(reader.number().expect("there"), 300);
        assert_eq!(reader.ascending().expect("there"), [0, 5, 5, 1_000_000]);
        assert_eq!(reader.strings().expect("there"), ["élan", "élève", "été"]);
        assert_eq!(reader.float().expect("there"), -0.5);
        assert!(reader.number().is_err());
    }

    #[test]
    fn cut_bytes_are_an_error() {
        let mut bytes = Bytes::default();
        bytes.strings(["alpha", "alphabet"].into_iter());
        let bytes = bytes.into_inner();
        assert!((0..bytes.len()).all(|end| Reader::new(&bytes[..end]).strings().is_err()));
        assert!(Reader::new(&[0xff; 12]).number().is_err());
    }
}
