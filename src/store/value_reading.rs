//! How the value of a message is read: by its type, or as what a program made of it.

use super::decode::Schema;

/// How a value is read.
#[derive(Clone, Copy, Debug, Default)]
pub struct ValueReading<'a> {
    /// The type of the value, where that is known of its stream.
    pub schema: Option<&'a Schema>,
    /// What a program made of it, where one did: text that is read in the place of the value.
    pub decoded: Option<&'a str>,
    /// Only a program reads values of this stream, and has made nothing of this one (yet): what it holds is not known.
    pub is_undecoded: bool,
}

impl<'a> ValueReading<'a> {
    /// The bytes that are read.
    pub fn bytes(self, value: &'a [u8]) -> &'a [u8] {
        self.decoded.map_or(value, str::as_bytes)
    }
}
