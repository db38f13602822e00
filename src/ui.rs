//! Draws the state of the dashboard; changes nothing.
