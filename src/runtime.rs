//! Wires state, terminal, client and clocks into a running dashboard.
