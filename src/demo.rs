//! A cluster of brokers in this process, in memory, that answers as real Liftbridge servers do: for teaching and tests.
