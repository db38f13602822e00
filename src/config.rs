//! The config file, the environment and flags: one value for each setting, and where it came from.
