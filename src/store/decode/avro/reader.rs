//! A value of Avro, read by its schema: as deep and as long as is sensible, whatever it claims.

use super::{AvroSchema, Logical, Type};
use crate::model::{Timestamp, counted};
use crate::store::decode::MOST_DEPTH;
use crate::store::decode::lines::{Class, Writer};
use crate::store::decode::raw_protobuf::varint;
use crate::store::decode::scalar::{Scalar, quoted, truth};

/// Values that are read of one message: a list of nothings may claim to have any number.
const MOST_VALUES: usize = 1_000_000;
/// Longer decimals are shown as bytes.
const LONGEST_DECIMAL: usize = 16;

/// Reads one value.
pub(super) struct AvroReader<'a> {
    schema: &'a AvroSchema,
    bytes: &'a [u8],
    /// Values that may still be read.
    left: usize,
}

impl<'a> AvroReader<'a> {
    /// A reader of these bytes.
    pub(super) fn new(schema: &'a AvroSchema, bytes: &'a [u8]) -> Self {
        Self {
            schema,
            bytes,
            left: MOST_VALUES,
        }
    }

    /// Reads a value that the bytes are to their end, and writes it where it is to be shown.
    pub(super) fn read_whole(mut self, out: Option<&mut Writer>) -> Result<(), String> {
        self.read(self.schema.root, 0, out)?;
        match self.bytes.len() {
            0 => Ok(()),
            left => Err(format!("{} are left over", counted(left, "byte"))),
        }
    }

    fn take(&mut self, length: usize) -> Result<&'a [u8], String> {
        let (taken, rest) = self.bytes.split_at_checked(length).ok_or(TOO_SHORT)?;
        self.bytes = rest;
        Ok(taken)
    }

    fn integer(&mut self) -> Result<i64, String> {
        let zigzag = varint(&mut self.bytes).ok_or(TOO_SHORT)?;
        Ok((zigzag >> 1).cast_signed() ^ -(zigzag & 1).cast_signed())
    }

    fn length(&mut self) -> Result<usize, String> {
        usize::try_from(self.integer()?).map_err(|_negative| "a length is negative".to_owned())
    }

    fn text(&mut self) -> Result<&'a str, String> {
        let length = self.length()?;
        let text = std::str::from_utf8(self.take(length)?);
        text.map_err(|_bytes| "a text is not UTF-8".to_owned())
    }

    /// Reads a value of that type, and writes it where it is to be shown.
    fn read(
        &mut self,
        number: usize,
        depth: usize,
        mut out: Option<&mut Writer>,
    ) -> Result<(), String> {
        let schema = self.schema;
        self.left = self.left.checked_sub(1).ok_or("it holds too many values")?;
        if depth > MOST_DEPTH {
            return Err(format!("it is nested deeper than {MOST_DEPTH} levels"));
        }
        match schema.types.get(number).ok_or("the schema is broken")? {
            Type::List(items) => {
                self.blocks("[]", out, |reader, out| reader.read(*items, depth + 1, out))
            }
            Type::Map(values) => self.blocks("{}", out, |reader, mut out| {
                let key = reader.text()?;
                if let Some(out) = out.as_deref_mut() {
                    out.key(&quoted(key));
                }
                reader.read(*values, depth + 1, out)
            }),
            Type::Record(fields) => {
                if let Some(out) = out.as_deref_mut() {
                    out.open("{");
                }
                for (name, kind) in fields {
                    let mut shown = while_room(&mut out);
                    if let Some(out) = shown.as_deref_mut() {
                        out.key(&quoted(name));
                    }
                    let read = self.read(*kind, depth + 1, shown);
                    read.map_err(|why| in_field(name, &why))?;
                }
                if let Some(out) = out {
                    out.close("}");
                }
                Ok(())
            }
            Type::Union(branches) => {
                let branch = self.integer()?;
                let found = usize::try_from(branch).ok().and_then(|at| branches.get(at));
                let found = found.ok_or_else(|| format!("a union has no branch {branch}"))?;
                self.read(*found, depth + 1, out)
            }
            scalar @ (Type::Null
            | Type::Boolean
            | Type::Integer(_)
            | Type::Float
            | Type::Double
            | Type::Bytes(_)
            | Type::Text
            | Type::Fixed(..)
            | Type::Enum(_)) => self.scalar(scalar, out),
        }
    }

    fn scalar(&mut self, one: &Type, out: Option<&mut Writer>) -> Result<(), String> {
        let mut unshown = Writer::new(1);
        let out = out.unwrap_or(&mut unshown);
        match one {
            Type::Null => out.leaf(Scalar::Word("null")),
            Type::Boolean => match self.take(1)? {
                [0] => out.leaf(truth(false)),
                [1] => out.leaf(truth(true)),
                _ => return Err("a boolean is neither 0 nor 1".to_owned()),
            },
            Type::Integer(logical) => {
                let number = self.integer()?;
                out.number(number);
                remark(number, *logical, out);
            }
            Type::Float => {
                let bytes = self.take(4)?.first_chunk().ok_or(TOO_SHORT)?;
                out.number(f32::from_le_bytes(*bytes));
            }
            Type::Double => {
                let bytes = self.take(8)?.first_chunk().ok_or(TOO_SHORT)?;
                out.number(f64::from_le_bytes(*bytes));
            }
            Type::Bytes(logical) => {
                let length = self.length()?;
                write_bytes(self.take(length)?, *logical, out);
            }
            Type::Fixed(size, logical) => write_bytes(self.take(*size)?, *logical, out),
            Type::Text => out.leaf(Scalar::Text(self.text()?)),
            Type::Enum(symbols) => {
                let place = self.integer()?;
                let symbol = usize::try_from(place).ok().and_then(|at| symbols.get(at));
                let symbol = symbol.ok_or_else(|| format!("an enum has no symbol {place}"))?;
                out.leaf(Scalar::Text(symbol));
            }
            Type::List(_) | Type::Map(_) | Type::Union(_) | Type::Record(_) => {}
        }
        Ok(())
    }

    /// Blocks of so many values each, up to one of none; a negative count has the bytes of its block behind it.
    fn blocks(
        &mut self,
        brackets: &str,
        mut out: Option<&mut Writer>,
        mut each: impl FnMut(&mut Self, Option<&mut Writer>) -> Result<(), String>,
    ) -> Result<(), String> {
        let (open, close) = brackets.split_at(1);
        if let Some(out) = out.as_deref_mut() {
            out.open(open);
        }
        loop {
            let count = self.integer()?;
            if count == 0 {
                break;
            }
            if count < 0 {
                self.length()?;
            }
            for _ in 0..count.unsigned_abs() {
                each(self, while_room(&mut out))?;
            }
        }
        if let Some(out) = out {
            out.close(close);
        }
        Ok(())
    }
}

/// Where there is still room: the rest is read all the same, so that what follows is found.
fn while_room<'a>(out: &'a mut Option<&mut Writer>) -> Option<&'a mut Writer> {
    out.as_deref_mut().filter(|out| !out.is_full())
}

const TOO_SHORT: &str = "it ends too early";

/// Where it broke: the fields on the way, the outermost first.
fn in_field(name: &str, why: &str) -> String {
    match why.split_once(" in field ") {
        Some((why, inner)) => format!("{why} in field {name}.{inner}"),
        None => format!("{why} in field {name}"),
    }
}

fn remark(number: i64, logical: Logical, out: &mut Writer) {
    let nanos = match logical {
        Logical::Date => number.checked_mul(86_400_000_000_000),
        Logical::Time(unit) => number.checked_mul(unit),
        Logical::None | Logical::Decimal(_) => None,
    };
    let Some(time) = nanos.map(Timestamp) else {
        return;
    };
    match logical {
        Logical::Date => out.remark(&time.to_utc().format("%F").to_string()),
        Logical::Time(_) => out.remark(&time.to_rfc3339()),
        Logical::None | Logical::Decimal(_) => {}
    }
}

fn write_bytes(bytes: &[u8], logical: Logical, out: &mut Writer) {
    match (logical, bytes) {
        (Logical::Decimal(scale), [first, ..]) if bytes.len() <= LONGEST_DECIMAL => {
            let sign: i128 = if first & 0x80 == 0 { 0 } else { -1 };
            let unscaled = bytes
                .iter()
                .fold(sign, |number, byte| (number << 8) | i128::from(*byte));
            out.scalar(Class::Number, &decimal(unscaled, scale));
        }
        _ => out.leaf(Scalar::Bytes(bytes)),
    }
}

/// A whole number with its point so many digits from the end.
fn decimal(unscaled: i128, scale: usize) -> String {
    let sign = if unscaled < 0 { "-" } else { "" };
    let digits = format!("{:0width$}", unscaled.unsigned_abs(), width = scale + 1);
    let (whole, part) = digits.split_at(digits.len() - scale);
    let point = if scale == 0 { "" } else { "." };
    format!("{sign}{whole}{point}{part}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_keep_every_digit() {
        for (unscaled, scale, text) in [
            (5, 2, "0.05"),
            (-5, 2, "-0.05"),
            (12_345, 0, "12345"),
            (i128::MIN, 3, "-170141183460469231731687303715884105.728"),
        ] {
            assert_eq!(decimal(unscaled, scale), text);
        }
    }
}
