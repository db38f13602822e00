//! Keys and values of a bench: the same ones in every run, so that runs can be compared.
//! Makes bytes and sends none.

use bytes::{BufMut, Bytes, BytesMut};
use fastrand::Rng;

use crate::cli::args::ValueKind;

/// Values are cut from blocks of so many bytes, so that most cost no allocation.
const BLOCK: usize = 256 * 1024;
const SEED: u64 = 42;

/// Makes one message's key and value after the other.
pub(super) struct Values {
    kind: ValueKind,
    size: usize,
    keys: Vec<Bytes>,
    random: Rng,
    made: u64,
    block: BytesMut,
}

impl Values {
    /// Values of that kind and size, and so many different keys. A size that the kind can not have is an error.
    pub(super) fn new(kind: ValueKind, size: usize, keys: u32) -> Result<Self, String> {
        let least = order(u64::MAX, 999, 99, "EUR").len() + TAIL.len();
        if kind == ValueKind::Json && size < least {
            return Err(format!("a JSON value takes {least} bytes or more"));
        }
        let key = |number| Bytes::from(format!("key-{number}"));
        Ok(Self {
            kind,
            size,
            keys: (0..keys).map(key).collect(),
            random: Rng::with_seed(SEED),
            made: 0,
            block: BytesMut::new(),
        })
    }

    /// The next message's key, empty where none have one, and its value.
    pub(super) fn next(&mut self) -> (Bytes, Bytes) {
        let key = match self.keys.len() {
            0 => Bytes::new(),
            count => self.keys[self.random.usize(..count)].clone(),
        };
        if self.block.capacity() < self.size {
            self.block = BytesMut::with_capacity(BLOCK.max(self.size));
        }
        match self.kind {
            ValueKind::Binary => {
                self.block.resize(self.size, 0);
                self.random.fill(&mut self.block);
            }
            ValueKind::Text => self.letters(self.size),
            ValueKind::Json => self.object(),
        }
        self.made += 1;
        (key, self.block.split().freeze())
    }

    /// Small letters and digits, eight from each random number.
    fn letters(&mut self, count: usize) {
        const ALPHABET: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";
        let mut left = count;
        while left > 0 {
            let letters = self.random.u64(..).to_le_bytes();
            let letters = letters.map(|byte| ALPHABET[usize::from(byte % 32)]);
            let taken = left.min(letters.len());
            self.block.put_slice(&letters[..taken]);
            left -= taken;
        }
    }

    fn object(&mut self) {
        let (amount, user) = (self.random.u32(..1000), self.random.u32(..100));
        let currency = if self.random.bool() { "EUR" } else { "USD" };
        let order = order(self.made, amount, user, currency);
        self.block.put_slice(order.as_bytes());
        self.letters(self.size - order.len() - TAIL.len());
        self.block.put_slice(TAIL.as_bytes());
    }
}

/// What ends an order.
const TAIL: &str = "\"}";

/// An order up to its note.
fn order(id: u64, amount: u32, user: u32, currency: &str) -> String {
    format!(
        "{{\"id\":\"o-{id:07}\",\"user\":{{\"id\":{user},\"tags\":[1,2,3]}},\"cur\":\"{currency}\",\
         \"amount\":{amount},\"note\":\""
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_have_their_size_and_are_the_same_in_every_run() {
        for kind in [ValueKind::Text, ValueKind::Json, ValueKind::Binary] {
            let mut values = Values::new(kind, 256, 3).unwrap();
            let mut again = Values::new(kind, 256, 3).unwrap();
            for _ in 0..5000 {
                let (key, value) = values.next();
                assert_eq!(value.len(), 256);
                assert!(key.starts_with(b"key-"));
                assert_eq!((key, value), again.next());
            }
        }
    }

    #[test]
    fn json_values_are_json_down_to_their_least_size() {
        let least = (0..300).find(|size| Values::new(ValueKind::Json, *size, 0).is_ok());
        let mut values = Values::new(ValueKind::Json, least.unwrap(), 0).unwrap();
        for _ in 0..1000 {
            let (key, value) = values.next();
            assert!(key.is_empty());
            let object: serde_json::Value = serde_json::from_slice(&value).unwrap();
            assert!(object["amount"].as_u64().unwrap() < 1000);
        }
        assert!(Values::new(ValueKind::Json, 10, 0).is_err());
        assert!(
            Values::new(ValueKind::Text, 0, 0)
                .unwrap()
                .next()
                .1
                .is_empty()
        );
    }
}
