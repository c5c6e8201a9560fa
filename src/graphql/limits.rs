//! Limits: what a request is held to before anything is executed, and what those who ask are held to. Each has a name,
//! and a refusal tells the name and the number.

use std::time::Duration;

use crate::graphql::connection::USUAL_PAGE;

/// What requests are held to.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// How many bytes the body of a request may have.
    pub body_bytes: usize,
    /// How many bytes a document may have.
    pub document_bytes: u64,
    /// How many tokens a document may have.
    pub tokens: u64,
    /// How deep its brackets may nest, of selections and of values, and those of the JSON that it comes with.
    pub nesting: u64,
    /// How many aliases it may give.
    pub aliases: u64,
    /// How many directives it may use.
    pub directives: u64,
    /// How many fields an operation may ask of its root.
    pub root_fields: u64,
    /// How many fields one selection may hold, with those that its fragments bring.
    pub selection: u64,
    /// How deep a selection may nest, as its answer does. GraphiQL's introspection needs 15.
    pub depth: u64,
    /// What an operation may cost.
    pub cost: u64,
    /// The most rows of a page.
    pub page: u32,
    /// How many bytes an answer may hold, about.
    pub answer_bytes: u64,
    /// How long a query may be executed, and one answer of a subscription. A mutation is carried out whatever it takes.
    pub query_timeout: Duration,
    /// How long the database may run a statement that is read for an operation of any kind.
    pub statement_timeout: Duration,
    /// How many bytes the head of a request may have.
    pub header_bytes: usize,
    /// How many fields it may have.
    pub header_fields: usize,
    /// How long a connection may take for the head of a request, and for the next one.
    pub header_timeout: Duration,
    /// How long a body may take to arrive.
    pub body_timeout: Duration,
    /// How many connections may be open, those that carry streams aside.
    pub connections: u64,
    /// How many of them may come from one address.
    pub connections_per_address: u64,
    /// How many bytes of long bodies may be on their way.
    pub arriving_bytes: u64,
    /// How many bytes of answers may wait for their readers.
    pub unsent_bytes: u64,
    /// How many requests are answered at once.
    pub concurrent_requests: usize,
    /// How many reads may wait for a connection of the database before requests are refused.
    pub database_queue: u64,
    /// What an actor may ask for in a second.
    pub actor_cost_per_second: u64,
    /// What an actor may ask for at once after a pause.
    pub actor_cost_burst: u64,
    /// How many requests without a good token an address may send in a minute.
    pub anonymous_requests_per_minute: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            body_bytes: 8 * 1024 * 1024,
            document_bytes: 1024 * 1024,
            tokens: 10_000,
            nesting: 60,
            aliases: 100,
            directives: 100,
            root_fields: 50,
            selection: 500,
            depth: 20,
            cost: 50_000,
            page: 100,
            answer_bytes: 8 * 1024 * 1024,
            query_timeout: Duration::from_secs(10),
            statement_timeout: Duration::from_secs(5),
            header_bytes: 32 * 1024,
            header_fields: 100,
            header_timeout: Duration::from_secs(15),
            body_timeout: Duration::from_secs(30),
            connections: 4_096,
            connections_per_address: 4_096,
            arriving_bytes: 256 * 1024 * 1024,
            unsent_bytes: 256 * 1024 * 1024,
            concurrent_requests: 1_000,
            database_queue: 1_000,
            actor_cost_per_second: 50_000,
            actor_cost_burst: 2_000_000,
            anonymous_requests_per_minute: 1_000,
        }
    }
}

/// How many operations a request asks for.
pub(crate) const OPERATIONS_PER_REQUEST: u32 = 1;

/// So many fragments, inline ones among them, may be on the way to a field besides the fields that hold it.
const FRAGMENTS_ON_THE_WAY: u64 = 12;

/// What there is a limit for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Measure {
    DocumentBytes,
    Tokens,
    Nesting,
    Aliases,
    Directives,
    RootFields,
    Selection,
    Depth,
    Levels,
    Values,
    Cost,
}

impl Measure {
    /// The field of `serviceConfig` that tells the limit.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::DocumentBytes => "largestDocumentBytes",
            Self::Tokens => "largestDocumentTokens",
            Self::Nesting => "deepestNesting",
            Self::Aliases => "mostAliases",
            Self::Directives => "mostDirectives",
            Self::RootFields => "mostRootFields",
            Self::Selection => "largestSelection",
            Self::Depth => "largestDepth",
            Self::Levels => "deepestSelection",
            Self::Values => "mostValues",
            Self::Cost => "largestCost",
        }
    }

    /// What a program can act on.
    pub(crate) fn code(self) -> &'static str {
        match self {
            Self::DocumentBytes => "DOCUMENT_LIMIT_EXCEEDED",
            Self::Tokens => "TOKEN_LIMIT_EXCEEDED",
            Self::Nesting => "NESTING_LIMIT_EXCEEDED",
            Self::Aliases => "ALIAS_LIMIT_EXCEEDED",
            Self::Directives => "DIRECTIVE_LIMIT_EXCEEDED",
            Self::RootFields => "ROOT_FIELD_LIMIT_EXCEEDED",
            Self::Selection => "SELECTION_LIMIT_EXCEEDED",
            Self::Depth => "DEPTH_LIMIT_EXCEEDED",
            Self::Levels => "SELECTION_DEPTH_LIMIT_EXCEEDED",
            Self::Values => "VALUE_LIMIT_EXCEEDED",
            Self::Cost => "COST_LIMIT_EXCEEDED",
        }
    }

    fn limit(self, limits: &Limits) -> u64 {
        match self {
            Self::DocumentBytes => limits.document_bytes,
            Self::Tokens => limits.tokens,
            Self::Nesting => limits.nesting,
            Self::Aliases => limits.aliases,
            Self::Directives => limits.directives,
            Self::RootFields => limits.root_fields,
            Self::Selection => limits.selection,
            Self::Depth => limits.depth,
            Self::Levels => limits.levels(),
            Self::Values => limits.values(),
            Self::Cost => limits.cost,
        }
    }
}

/// A document that is over a limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct OverLimit {
    /// Which.
    pub(crate) measure: Measure,
    /// How much was found. Counting stops at the limit where what follows has not been read.
    pub(crate) found: u64,
    /// How much there may be.
    pub(crate) limit: u64,
}

impl Limits {
    /// How deep selections may nest, those of fragments included.
    pub(crate) fn levels(&self) -> u64 {
        self.depth + FRAGMENTS_ON_THE_WAY
    }

    /// How many values the arguments of an operation may hold. Each takes a token at least where the document says it: variables bring no more than that.
    pub(crate) fn values(&self) -> u64 {
        self.tokens
    }

    /// Holds what was found against its limit.
    ///
    /// # Errors
    /// When there is more than there may be.
    pub(crate) fn hold(&self, measure: Measure, found: u64) -> Result<(), OverLimit> {
        let limit = measure.limit(self);
        if found > limit { Err(OverLimit { measure, found, limit }) } else { Ok(()) }
    }
}

impl OverLimit {
    /// What is too much and what would do, for people.
    pub(crate) fn message(&self) -> String {
        let Self { measure, found, limit } = self;
        let name = measure.name();
        match measure {
            Measure::DocumentBytes => format!("{found} bytes: a document has at most {limit} ({name})"),
            Measure::Tokens => format!("a document has at most {limit} tokens ({name})"),
            Measure::Nesting => format!("brackets nest at most {limit} deep ({name})"),
            Measure::Aliases => format!("{found} aliases: a document gives at most {limit} ({name})"),
            Measure::Directives => format!("{found} directives: a document uses at most {limit} ({name})"),
            Measure::RootFields => {
                format!("{found} fields at the root: an operation asks for at most {limit} ({name})")
            }
            Measure::Selection => {
                format!("a selection of {found} fields with those of its fragments: at most {limit} ({name})")
            }
            Measure::Depth => format!("the selection nests {found} deep: at most {limit} is answered ({name})"),
            Measure::Levels => {
                format!("selections nest at most {limit} deep, those of fragments included ({name})")
            }
            Measure::Values => format!(
                "{found} values in arguments, those of a variable wherever it is used: an operation gives at most {limit} ({name})"
            ),
            Measure::Cost => format!(
                "the operation costs {found}: at most {limit} is answered ({name}); ask for fewer rows or fewer fields"
            ),
        }
    }
}

/// A limit that stands in `serviceConfig`, as a refusal names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NamedLimit {
    /// The field of `serviceConfig`.
    pub name: &'static str,
    /// What it says.
    pub maximum: u64,
}

impl NamedLimit {
    fn new(name: &'static str, maximum: u64) -> Self {
        Self { name, maximum }
    }
}

/// What is named outside of reading a document.
impl Limits {
    /// How long a query may be executed.
    pub(crate) fn of_query(&self) -> NamedLimit {
        NamedLimit::new("queryTimeoutMs", milliseconds(self.query_timeout))
    }

    /// How long a statement may run.
    pub(crate) fn of_statement(&self) -> NamedLimit {
        NamedLimit::new("statementTimeoutMs", milliseconds(self.statement_timeout))
    }

    /// How many bytes a body may have.
    #[must_use]
    pub fn of_body(&self) -> NamedLimit {
        NamedLimit::new("largestBodyBytes", self.body_bytes as u64)
    }

    /// How many bytes an answer may hold.
    pub(crate) fn of_answer(&self) -> NamedLimit {
        NamedLimit::new("largestAnswerBytes", self.answer_bytes)
    }

    /// How many operations a request asks for: there are no batches.
    #[must_use]
    pub fn of_batch(&self) -> NamedLimit {
        NamedLimit::new("operationsPerRequest", OPERATIONS_PER_REQUEST.into())
    }

    /// How many rows a page has at most.
    pub(crate) fn of_page(&self) -> NamedLimit {
        NamedLimit::new("largestPage", self.page.into())
    }

    /// The rows of a page where none is said.
    pub(crate) fn usual_page(&self) -> u32 {
        USUAL_PAGE.min(self.page)
    }

    /// How deep brackets may nest.
    #[must_use]
    pub fn of_nesting(&self) -> NamedLimit {
        NamedLimit::new(Measure::Nesting.name(), self.nesting)
    }

    /// How many bytes the head of a request may have.
    #[must_use]
    pub fn of_head(&self) -> NamedLimit {
        NamedLimit::new("largestHeaderBytes", self.header_bytes as u64)
    }

    /// How many fields the head of a request may have.
    #[must_use]
    pub fn of_head_fields(&self) -> NamedLimit {
        NamedLimit::new("mostHeaderFields", self.header_fields as u64)
    }

    /// How many connections may be open.
    #[must_use]
    pub fn of_connections(&self) -> NamedLimit {
        NamedLimit::new("connections", self.connections)
    }

    /// How many of them may come from one address.
    #[must_use]
    pub fn of_connections_of_address(&self) -> NamedLimit {
        NamedLimit::new("connectionsPerAddress", self.connections_per_address)
    }

    /// How many bytes of long bodies may be on their way.
    #[must_use]
    pub fn of_arriving(&self) -> NamedLimit {
        NamedLimit::new("arrivingBytes", self.arriving_bytes)
    }

    /// How many of them may be one actor's: the others are not kept out by one who announces much and sends little.
    #[must_use]
    pub fn of_arriving_of_actor(&self) -> NamedLimit {
        NamedLimit::new("arrivingBytesPerActor", self.arriving_bytes / 4)
    }

    /// How many bytes of answers may wait for their readers.
    #[must_use]
    pub fn of_unsent(&self) -> NamedLimit {
        NamedLimit::new("unsentBytes", self.unsent_bytes)
    }

    /// How many of them may be one actor's: the others are not kept out by one who does not read.
    #[must_use]
    pub fn of_unsent_of_actor(&self) -> NamedLimit {
        NamedLimit::new("unsentBytesPerActor", self.unsent_bytes / 4)
    }

    /// How long the head of a request may take. Who is over it is hung up on without a word.
    pub(crate) fn of_head_time(&self) -> NamedLimit {
        NamedLimit::new("headerTimeoutMs", milliseconds(self.header_timeout))
    }

    /// How long a body may take.
    #[must_use]
    pub fn of_body_time(&self) -> NamedLimit {
        NamedLimit::new("bodyTimeoutMs", milliseconds(self.body_timeout))
    }

    /// How many requests are answered at once.
    #[must_use]
    pub fn of_room(&self) -> NamedLimit {
        NamedLimit::new("concurrentRequests", self.concurrent_requests as u64)
    }

    /// How many of them may be one actor's, so that nobody has all of them.
    #[must_use]
    pub fn of_room_of_actor(&self) -> NamedLimit {
        NamedLimit::new("concurrentRequestsPerActor", (self.concurrent_requests as u64 / 4).max(1))
    }

    /// How many reads may wait for the database.
    #[must_use]
    pub fn of_database(&self) -> NamedLimit {
        NamedLimit::new("databaseQueue", self.database_queue)
    }

    /// What an actor may ask for.
    #[must_use]
    pub fn of_actor(&self) -> NamedLimit {
        NamedLimit::new("actorCostPerSecond", self.actor_cost_per_second)
    }

    /// How often an address may ask without a good token.
    #[must_use]
    pub fn of_address(&self) -> NamedLimit {
        NamedLimit::new("anonymousRequestsPerMinute", self.anonymous_requests_per_minute)
    }
}

/// A time as `serviceConfig` tells it.
pub(crate) fn milliseconds(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
