//! What stands before each message of a gRPC call: whether it is compressed, and its length.

/// How many bytes that is.
pub(crate) const LEN: usize = 5;

/// The prefix of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct MessagePrefix {
    pub(crate) compressed: bool,
    /// The length of the message with this prefix.
    pub(crate) whole: usize,
}

impl MessagePrefix {
    /// The prefix that begins there; `None` while it is not there whole.
    #[inline]
    pub(crate) fn of(bytes: &[u8]) -> Option<Self> {
        let [flag, len @ ..] = bytes.first_chunk::<LEN>()?;
        let len = usize::try_from(u32::from_be_bytes(*len)).unwrap_or(usize::MAX);
        Some(Self {
            compressed: *flag != 0,
            whole: len.saturating_add(LEN),
        })
    }
}
