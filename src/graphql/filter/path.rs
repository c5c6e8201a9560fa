//! Where something stands in a filter. The path is written out only when something is refused: most of it never is.

use std::fmt;

/// The path into the input, from its first argument on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Path<'a> {
    within: Option<&'a Self>,
    step: Step,
}

#[derive(Clone, Copy, Debug)]
enum Step {
    Field(&'static str),
    /// The place in a list, from 0 on.
    Item(usize),
}

impl<'a> Path<'a> {
    /// Where an argument stands.
    pub(crate) const fn of(argument: &'static str) -> Self {
        Self { within: None, step: Step::Field(argument) }
    }

    /// Where a field of it stands.
    pub(crate) const fn field(&'a self, name: &'static str) -> Self {
        Self { within: Some(self), step: Step::Field(name) }
    }

    /// Where what has that place in its list stands.
    pub(crate) const fn item(&'a self, place: usize) -> Self {
        Self { within: Some(self), step: Step::Item(place) }
    }
}

/// The steps with a full stop between them, as refusals have them.
impl fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(within) = self.within {
            write!(f, "{within}.")?;
        }
        match self.step {
            Step::Field(name) => f.write_str(name),
            Step::Item(place) => write!(f, "{place}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_told_from_its_argument_on() {
        let filter = Path::of("filter");
        let and = filter.field("and");
        let second = and.item(1);
        assert_eq!(second.field("deadline").to_string(), "filter.and.1.deadline");
        assert_eq!(filter.to_string(), "filter");
    }
}
