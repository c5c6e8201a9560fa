//! Time and randomness, the only door to both.

/// Where the process gets its time and its random bits.
pub trait Clock: Send + Sync + 'static {
    /// The present, truncated to microseconds.
    fn now(&self) -> jiff::Timestamp;
    /// 128 fresh random bits.
    fn random(&self) -> [u8; 16];
    /// A fresh identifier.
    fn new_id(&self) -> uuid::Uuid;
}
