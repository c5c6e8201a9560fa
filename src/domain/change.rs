//! What an amendment does to something that may be absent: leave it, clear it, or set it.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A change of an optional value. In JSON, left out means kept and `null` means cleared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Change<T> {
    /// It stays as it is.
    #[default]
    Keep,
    /// It is taken away.
    Clear,
    /// It becomes this.
    To(T),
}

impl<T> Change<T> {
    /// Whether it stays as it is.
    #[must_use]
    pub fn is_kept(&self) -> bool {
        matches!(self, Self::Keep)
    }
}

impl<T: Clone + PartialEq> Change<T> {
    /// The same change, or none where the value is that already.
    #[must_use]
    pub fn unless(&self, present: Option<&T>) -> Self {
        match (self, present) {
            (Self::Clear, None) => Self::Keep,
            (Self::To(new), Some(present)) if new == present => Self::Keep,
            _ => self.clone(),
        }
    }

    /// Carries the change out.
    pub fn apply_to(&self, value: &mut Option<T>) {
        match self {
            Self::Keep => {}
            Self::Clear => *value = None,
            Self::To(new) => *value = Some(new.clone()),
        }
    }
}

impl<T: Serialize> Serialize for Change<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Keep | Self::Clear => serializer.serialize_none(),
            Self::To(new) => serializer.serialize_some(new),
        }
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Change<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Option::deserialize(deserializer)?.map_or(Self::Clear, Self::To))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Amended {
        #[serde(default, skip_serializing_if = "Change::is_kept")]
        name: Change<String>,
    }

    #[test]
    fn what_is_kept_is_left_out_and_what_is_cleared_is_null() {
        let new = Change::To("new".to_owned());
        for (change, json) in [(Change::Keep, "{}"), (Change::Clear, r#"{"name":null}"#), (new, r#"{"name":"new"}"#)] {
            let amended = Amended { name: change };
            assert_eq!(serde_json::to_string(&amended).unwrap(), json);
            assert_eq!(serde_json::from_str::<Amended>(json).unwrap(), amended);
        }
    }

    #[test]
    fn a_change_to_what_is_there_is_none() {
        assert_eq!(Change::To(1).unless(Some(&1)), Change::Keep);
        assert_eq!(Change::To(2).unless(Some(&1)), Change::To(2));
        assert_eq!(Change::Clear.unless(None::<&u8>), Change::Keep);
        assert_eq!(Change::Clear.unless(Some(&1)), Change::Clear);
    }

    #[test]
    fn a_change_is_carried_out() {
        let mut value = Some(1);
        Change::Keep.apply_to(&mut value);
        assert_eq!(value, Some(1));
        Change::To(2).apply_to(&mut value);
        assert_eq!(value, Some(2));
        Change::Clear.apply_to(&mut value);
        assert_eq!(value, None);
    }
}
