//! Sets of brokers, as who serves, who holds a copy, who is in sync.

/// A broker of the cluster, by its place in the list: `demo-1` is 0.
pub(super) type BrokerIndex = usize;

/// Some of the cluster's brokers, at most 64.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct BrokerSet(u64);

impl BrokerSet {
    /// The set as the bits of its members.
    pub(super) const fn from_bits(bits: u64) -> Self {
        Self(bits)
    }

    /// The brokers of a cluster of so many.
    pub(super) fn all(count: usize) -> Self {
        (0..count).collect()
    }

    /// Whether the broker is one of them.
    pub(super) fn contains(self, broker: BrokerIndex) -> bool {
        self.0 >> broker & 1 == 1
    }

    /// How many there are.
    pub(super) fn len(self) -> usize {
        // At most 64.
        self.0.count_ones() as usize
    }

    /// Whether there is none.
    pub(super) fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Adds a broker.
    pub(super) fn insert(&mut self, broker: BrokerIndex) {
        self.0 |= 1 << broker;
    }

    /// Removes a broker.
    pub(super) fn remove(&mut self, broker: BrokerIndex) {
        self.0 &= !(1 << broker);
    }

    /// All of them but one.
    pub(super) fn without(mut self, broker: BrokerIndex) -> Self {
        self.remove(broker);
        self
    }

    /// Each of them, the lowest first.
    pub(super) fn iter(self) -> impl Iterator<Item = BrokerIndex> {
        (0..64).filter(move |broker| self.contains(*broker))
    }
}

impl FromIterator<BrokerIndex> for BrokerSet {
    fn from_iter<I: IntoIterator<Item = BrokerIndex>>(brokers: I) -> Self {
        let mut set = Self::default();
        for broker in brokers {
            set.insert(broker);
        }
        set
    }
}
