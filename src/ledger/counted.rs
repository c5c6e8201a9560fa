//! Counts in words.

/// The count with what is counted: the first word for one, the second for any other number.
#[must_use]
pub fn counted(count: u64, one: &str, others: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { others })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_is_one() {
        let events = |count| counted(count, "event is", "events are");
        assert_eq!([0, 1, 2].map(events), ["0 events are", "1 event is", "2 events are"]);
    }
}
