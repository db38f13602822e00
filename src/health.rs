//! What is wrong now, worst first: pure functions of what every broker says.
