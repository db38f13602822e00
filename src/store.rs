//! Messages in memory: sealed chunks under one byte budget, and what searches, decodes, merges and exports them.
