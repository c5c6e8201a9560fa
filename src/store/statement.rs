//! A statement with its arguments, before it meets a driver.

/// An argument. There is no null: a missing value is written as `is null` in the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Argument {
    Text(String),
    Integer(i64),
    Bytes(Vec<u8>),
}

/// SQL text with `$1`, `$2`, … and what stands for them; both databases understand that form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Statement {
    pub(super) sql: String,
    pub(super) arguments: Vec<Argument>,
    /// Whether it is not kept as it was prepared: the plan depends on the arguments, so that one that was made for
    /// others may be a bad one, or the text is hardly ever the same.
    pub(super) is_planned_anew: bool,
}

impl Statement {
    pub(super) fn new(sql: &str) -> Self {
        Self { sql: sql.to_owned(), arguments: Vec::new(), is_planned_anew: false }
    }

    /// Appends SQL text of the program's own.
    pub(super) fn push(&mut self, sql: &str) {
        self.sql.push_str(sql);
    }

    /// Appends a placeholder and its argument.
    pub(super) fn push_argument(&mut self, argument: Argument) {
        self.arguments.push(argument);
        self.sql.push('$');
        self.sql.push_str(&self.arguments.len().to_string());
    }

    pub(super) fn push_text(&mut self, text: &str) {
        self.push_argument(Argument::Text(text.to_owned()));
    }

    pub(super) fn push_integer(&mut self, number: i64) {
        self.push_argument(Argument::Integer(number));
    }

    /// Adds the argument of the next placeholder that the text already has.
    pub(super) fn text(mut self, text: &str) -> Self {
        self.arguments.push(Argument::Text(text.to_owned()));
        self
    }

    /// Adds the argument of the next placeholder that the text already has.
    pub(super) fn bytes(mut self, bytes: &[u8]) -> Self {
        self.arguments.push(Argument::Bytes(bytes.to_owned()));
        self
    }

    /// Adds the argument of the next placeholder that the text already has.
    pub(super) fn integer(mut self, number: i64) -> Self {
        self.arguments.push(Argument::Integer(number));
        self
    }
}

/// A query with the arguments of a statement: one that gives rows or none, of either driver.
macro_rules! bound {
    ($query:expr, $statement:expr) => {
        $statement.arguments.iter().fold($query, |query, argument| match argument {
            $crate::store::statement::Argument::Text(text) => query.bind(text),
            $crate::store::statement::Argument::Integer(number) => query.bind(number),
            $crate::store::statement::Argument::Bytes(bytes) => query.bind(bytes),
        })
    };
}

pub(super) use bound;
