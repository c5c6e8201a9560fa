//! The parts of a case that are looked through, and what a word in each of them counts.

/// 检索范围: which part of a case a text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Field {
    /// Its title.
    Title,
    /// What cannot be solved.
    Problem,
    /// What has to be measured.
    Measurand,
    /// What an expert learnt, with the citations.
    Finding,
    /// A proposed solution, with the citations.
    Solution,
    /// What others can learn from it.
    Lesson,
    /// A technique that was brought in.
    Technique,
    /// What a trial showed.
    Trial,
    /// What a routine service did.
    Service,
    /// What somebody said.
    Comment,
    /// What somebody said without the enterprise.
    InternalComment,
}

impl Field {
    /// Every field, the weightiest first.
    pub const ALL: [Self; 11] = [
        Self::Title,
        Self::Measurand,
        Self::Problem,
        Self::Finding,
        Self::Solution,
        Self::Lesson,
        Self::Technique,
        Self::Trial,
        Self::Service,
        Self::Comment,
        Self::InternalComment,
    ];

    /// The stored name. A literal: renaming the variant changes no stored byte.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Title => "TITLE",
            Self::Problem => "PROBLEM",
            Self::Measurand => "MEASURAND",
            Self::Finding => "FINDING",
            Self::Solution => "SOLUTION",
            Self::Lesson => "LESSON",
            Self::Technique => "TECHNIQUE",
            Self::Trial => "TRIAL",
            Self::Service => "SERVICE",
            Self::Comment => "COMMENT",
            Self::InternalComment => "INTERNAL_COMMENT",
        }
    }

    /// The field of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|field| field.name() == name)
    }

    /// What one word of it counts.
    pub(super) const fn weight(self) -> f64 {
        match self {
            Self::Title => 10.0,
            Self::Measurand => 6.0,
            Self::Problem => 5.0,
            Self::Finding | Self::Solution | Self::Lesson => 3.0,
            Self::Technique | Self::Trial | Self::Service => 2.0,
            Self::Comment | Self::InternalComment => 1.0,
        }
    }

    /// How many words such a text usually has. A word counts less in a longer one.
    pub(super) const fn usual_length(self) -> f64 {
        match self {
            Self::Title => 15.0,
            Self::Measurand => 6.0,
            Self::Problem | Self::Finding | Self::Solution => 100.0,
            Self::Lesson | Self::Technique | Self::Trial | Self::Service => 60.0,
            Self::Comment | Self::InternalComment => 40.0,
        }
    }
}
