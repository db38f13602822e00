//! The Liftbridge client: connects, reads, changes, publishes and subscribes. Knows neither terminal nor dashboard.
