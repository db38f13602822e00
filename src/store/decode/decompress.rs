//! Opens compressed bytes, up to a limit however much they would become.
//! What the content is, is the decoders' to find out.

use std::borrow::Cow;
use std::io::Read;

use flate2::read::MultiGzDecoder;
use ruzstd::decoding::StreamingDecoder;

/// What is compressed more often than this is left as it is.
const MOST_LAYERS: usize = 3;

/// A zstd frame that makes its reader keep more than this is left as it is.
const MOST_WINDOW: u64 = 8 << 20;

/// What was inside.
pub(super) struct Decompressed<'a> {
    pub(super) bytes: Cow<'a, [u8]>,
    /// Whether these are all there are.
    pub(super) whole: bool,
    pub(super) layers: Vec<&'static str>,
    pub(super) notes: Vec<String>,
}

/// Opens gzip and zstd, also one inside the other. At most `limit` bytes come out.
pub(super) fn decompress(bytes: &[u8], limit: usize) -> Decompressed<'_> {
    let mut opened = Decompressed {
        bytes: Cow::Borrowed(bytes),
        whole: true,
        layers: Vec::new(),
        notes: Vec::new(),
    };
    while opened.layers.len() < MOST_LAYERS && opened.whole {
        let Some((layer, inside)) = layer(&opened.bytes, limit) else {
            break;
        };
        match inside {
            Ok((inside, broken)) => {
                opened.whole = broken.is_none();
                opened
                    .notes
                    .extend(broken.map(|reason| format!("{layer} breaks off: {reason}")));
                opened.bytes = Cow::Owned(inside);
            }
            Err(reason) => {
                opened.notes.push(format!(
                    "this begins like {layer} but does not open: {reason}"
                ));
                break;
            }
        }
        opened.layers.push(layer);
        opened.cut(limit);
    }
    opened.cut(limit);
    opened
}

impl Decompressed<'_> {
    fn cut(&mut self, limit: usize) {
        if self.bytes.len() <= limit {
            return;
        }
        self.whole = false;
        self.notes
            .push(format!("only the first {limit} bytes are read"));
        match &mut self.bytes {
            Cow::Borrowed(bytes) => *bytes = bytes.get(..limit).unwrap_or_default(),
            Cow::Owned(bytes) => bytes.truncate(limit),
        }
    }
}

/// What came out, and why it ends early where it does.
type Inside = Result<(Vec<u8>, Option<String>), String>;

fn layer(bytes: &[u8], limit: usize) -> Option<(&'static str, Inside)> {
    match bytes {
        [0x1f, 0x8b, 8, ..] => Some(("gzip", read(MultiGzDecoder::new(bytes), limit))),
        [0x28, 0xb5, 0x2f, 0xfd, ..] => Some(("zstd", zstd(bytes, limit))),
        _ => None,
    }
}

fn zstd(bytes: &[u8], limit: usize) -> Inside {
    let window = zstd_window(bytes).ok_or("its header is cut off")?;
    if window > MOST_WINDOW {
        return Err(format!(
            "it asks for {window} bytes of memory, more than the {MOST_WINDOW} it may have"
        ));
    }
    let decoder = StreamingDecoder::new(bytes).map_err(|error| error.to_string())?;
    read(decoder, limit)
}

/// How much of its output a zstd frame makes its reader keep, before any of it can be had (RFC 8878, §3.1.1.1).
fn zstd_window(bytes: &[u8]) -> Option<u64> {
    let descriptor = *bytes.get(4)?;
    if descriptor & 0x20 == 0 {
        let window = *bytes.get(5)?;
        let base = 1_u64 << (10 + (window >> 3));
        return Some(base + base / 8 * u64::from(window & 7));
    }
    let dictionary = [0, 1, 2, 4].get(usize::from(descriptor & 3))?;
    let width = 1_usize << (descriptor >> 6);
    let field = bytes.get(5 + dictionary..)?.get(..width)?;
    let size = field
        .iter()
        .rev()
        .fold(0, |size, byte| size << 8 | u64::from(*byte));
    Some(if width == 2 { size + 256 } else { size })
}

/// One byte more than the limit, so that a cut is noticed.
fn read(decoder: impl Read, limit: usize) -> Inside {
    let most = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1);
    let mut inside = Vec::new();
    match decoder.take(most).read_to_end(&mut inside) {
        Ok(_) => Ok((inside, None)),
        Err(error) if inside.is_empty() => Err(error.to_string()),
        Err(error) => Ok((inside, Some(error.to_string()))),
    }
}
