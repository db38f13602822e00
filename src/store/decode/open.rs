//! Opens compressed bytes, up to a limit however much they would become.
//! What the content is, is the decoders' to find out.

use std::borrow::Cow;
use std::io::Read;

use flate2::read::MultiGzDecoder;
use ruzstd::decoding::StreamingDecoder;

/// What is compressed more often than this is left as it is.
const MOST_LAYERS: usize = 3;

/// What was inside.
pub(super) struct Opened<'a> {
    pub(super) bytes: Cow<'a, [u8]>,
    /// Whether these are all there are.
    pub(super) whole: bool,
    pub(super) layers: Vec<&'static str>,
    pub(super) notes: Vec<String>,
}

/// Opens gzip and zstd, also one inside the other. At most `limit` bytes come out.
pub(super) fn open(bytes: &[u8], limit: usize) -> Opened<'_> {
    let mut opened = Opened {
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
            Ok(inside) => opened.bytes = Cow::Owned(inside),
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

impl Opened<'_> {
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

type Inside = Result<Vec<u8>, String>;

fn layer(bytes: &[u8], limit: usize) -> Option<(&'static str, Inside)> {
    match bytes {
        [0x1f, 0x8b, 8, ..] => Some(("gzip", read(MultiGzDecoder::new(bytes), limit))),
        [0x28, 0xb5, 0x2f, 0xfd, ..] => {
            let decoder = StreamingDecoder::new(bytes).map_err(|error| error.to_string());
            Some(("zstd", decoder.and_then(|decoder| read(decoder, limit))))
        }
        _ => None,
    }
}

/// One byte more than the limit, so that a cut is noticed.
fn read(decoder: impl Read, limit: usize) -> Inside {
    let most = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1);
    let mut inside = Vec::new();
    match decoder.take(most).read_to_end(&mut inside) {
        Err(error) if inside.is_empty() => Err(error.to_string()),
        Ok(_) | Err(_) => Ok(inside),
    }
}
