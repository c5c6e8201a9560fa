//! What the fields of the schema are reckoned at: what each costs by itself, and how many rows it gives.
//!
//! A field that is not in the table costs 1 and gives one thing. A list has to be in it: whoever adds one says here how
//! many rows it is reckoned to give, else the server does not start. The unit is about what a field of a row takes, so
//! a number stands for the rows that are read for the answer, however few of them are shown.

use std::collections::HashMap;

use apollo_compiler::Schema;
use apollo_compiler::schema::ExtendedType;

use crate::graphql::connection::USUAL_PAGE;
use crate::graphql::types::similar;

/// How many rows a field gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rows {
    /// It is no list.
    One,
    /// A list without pages, reckoned at so many.
    Reckoned(u64),
    /// As many as its `first` says.
    First { usual: u64, most: u64 },
    /// As many as its `first` says, up to the most of a page; reckoned at so many where it says nothing.
    Part(u64),
    /// One for each of its `ids`.
    Ids,
    /// It is no list, and all of it counts once for each of the commands of its `input`.
    Commands,
    /// As many as `first` or `last` of the field around it say.
    OfPage,
}
use Rows::{Commands, First, Ids, OfPage, One, Part, Reckoned};

/// A line of the table.
pub(crate) struct Line {
    /// `Type.field`; `*` stands for any beginning of the type's name. The first line that fits counts.
    pub(crate) field: &'static str,
    /// What it costs by itself.
    pub(crate) cost: u64,
    /// How many rows it gives.
    pub(crate) rows: Rows,
}

const fn line(field: &'static str, cost: u64, rows: Rows) -> Line {
    Line { field, cost, rows }
}

/// A list of what was recorded of a case, which is read with its stream.
const OF_A_CASE: Rows = Part(10);

pub(crate) const TABLE: &[Line] = &[
    line("*Connection.edges", 1, OfPage),
    line("*Connection.nodes", 1, OfPage),
    // Counting looks at all rows, whatever the page.
    line("*Connection.totalCount", 50, One),
    // What reads many rows to show a few: texts that are ranked, sums over all cases.
    line("Query.search", 2_000, One),
    line("Case.similar", 2_250, First { usual: similar::USUAL as u64, most: similar::MOST as u64 }),
    line("Query.statistics", 5_000, One),
    line("Query.annualFigures", 5_000, One),
    line("AnnualSummary.computed", 5_000, One),
    line("AnnualFigure.evidence", 500, One),
    line("FigureEvidence.eventIds", 1, OfPage),
    // What reads the whole stream of a case, of an enterprise, or of what a command is about.
    line("Case.diff", 50, Reckoned(20)),
    line("Case.fieldHistory", 50, Part(20)),
    line("Case.timeline", 50, One),
    line("CaseOrigin.visit", 50, One),
    line("Enterprise.visits", 50, Reckoned(10)),
    line("PreviewPayload.executeCommands", 50, Commands),
    line("PreviewPayload.*", 50, One),
    line("Mutation.executeCommands", 50, Commands),
    line("Mutation.*", 50, One),
    line("*Payload.results", 1, Reckoned(1)),
    // What has statements of its own.
    line("Query.asOf", 10, One),
    line("Query.node", 5, One),
    line("Query.nodes", 1, Ids),
    line("Case.events", 5, One),
    line("CommandPayload.node", 5, One),
    // A few reads, each with the rights of what it has found.
    line("Query.events", 50, One),
    line("*.inclusionProof", 50, One),
    line("Receipt.digest", 50, One),
    line("Query.consistencyProof", 50, One),
    line("Webhook.lag", 50, One),
    line("Webhook.deadLetters", 50, One),
    line("Webhook.changes", 50, One),
    // Up to 4 MiB, read for each that is asked for.
    line("Attachment.contentBase64", 200, One),
    // Parts of a case.
    line("Case.allowedCommands", 5, Reckoned(40)),
    line("Case.attachments", 5, OF_A_CASE),
    line("Case.comments", 5, OF_A_CASE),
    line("Case.experts", 5, OF_A_CASE),
    line("Case.fees", 5, OF_A_CASE),
    line("Case.findings", 5, OF_A_CASE),
    line("Case.gapHistory", 5, OF_A_CASE),
    // They lead from case to case.
    line("Case.links", 5, Part(20)),
    line("Case.parts", 20, Part(20)),
    line("Case.measurements", 5, OF_A_CASE),
    line("Case.techniques", 5, OF_A_CASE),
    line("Case.trainings", 5, OF_A_CASE),
    line("AllowedCommand.reasons", 1, Reckoned(3)),
    line("Finding.citations", 1, Reckoned(3)),
    line("Solution.citations", 1, Reckoned(3)),
    line("Solution.findingIds", 1, Reckoned(3)),
    line("Solution.reviews", 1, Reckoned(3)),
    // Changes, events and what commands answer.
    line("*Change.added", 1, Reckoned(5)),
    line("*Change.removed", 1, Reckoned(5)),
    line("*Change.events", 1, Reckoned(5)),
    line("CaseUpdate.events", 1, Reckoned(5)),
    line("*Event.roles", 1, Reckoned(3)),
    line("*Event.citations", 1, Reckoned(3)),
    line("*Event.findingIds", 1, Reckoned(3)),
    line("EventSource.attributes", 1, Reckoned(20)),
    line("*PreviewPayload.events", 1, Reckoned(5)),
    line("*PreviewPayload.changes", 1, Reckoned(20)),
    line("*Payload.userErrors", 1, Reckoned(10)),
    line("*Payload.warnings", 50, Reckoned(3)),
    line("UserError.field", 1, Reckoned(3)),
    line("*Conflict.eventsSince", 1, Reckoned(100)),
    line("Receipt.eventIds", 1, Reckoned(3)),
    // What was found.
    line("SearchEdge.fragments", 1, Reckoned(3)),
    line("SearchFragment.marks", 1, Reckoned(5)),
    line("SimilarCase.sharedTerms", 1, Reckoned(8)),
    // Figures.
    line("Statistics.groups", 1, Reckoned(200)),
    line("StatisticsGroup.timesToStatus", 1, Reckoned(10)),
    line("FeeSummary.items", 1, Reckoned(10)),
    line("AnnualFigures.figures", 1, Reckoned(20)),
    line("AnnualSummary.figures", 1, Reckoned(20)),
    line("ComputedThen.figures", 1, Reckoned(20)),
    line("AnnualSummary.amendments", 1, Reckoned(5)),
    line("AnnualSummary.goodPractice", 1, Reckoned(10)),
    line("AnnualSummary.typicalCaseIds", 1, Reckoned(20)),
    line("AnnualSummary.typicalCases", 20, Reckoned(20)),
    // Registers.
    line("Catalogue.items", 1, Reckoned(200)),
    line("Catalogue.regulationEditions", 1, Reckoned(200)),
    line("Enterprise.enrolments", 1, Reckoned(5)),
    line("FieldVisit.needs", 1, Reckoned(3)),
    line("FieldVisit.visitors", 1, Reckoned(3)),
    line("Institution.capabilities", 1, Reckoned(20)),
    line("Person.fields", 1, Reckoned(10)),
    line("View.groupBy", 1, Reckoned(3)),
    line("Viewer.roles", 1, Reckoned(3)),
    line("WebhookHearing.eventTypes", 1, Reckoned(20)),
    line("WebhookHearing.subjects", 1, Reckoned(3)),
    line("ServiceConfig.fieldCosts", 1, Reckoned(100)),
    // The ledger.
    line("Checkpoint.cosignatures", 5, Reckoned(5)),
    line("Checkpoint.timeStamps", 5, Reckoned(3)),
    line("*Proof.hashes", 1, Reckoned(40)),
    // The schema itself, which is in memory. Tools read all types at once, so these count once; what leads from type to
    // type multiplies.
    line("__Schema.types", 1, Reckoned(1)),
    line("__Schema.directives", 1, Reckoned(5)),
    line("__Directive.locations", 1, Reckoned(3)),
    line("__Directive.args", 1, Reckoned(2)),
    line("__Type.fields", 1, Reckoned(20)),
    line("__Type.inputFields", 1, Reckoned(5)),
    line("__Type.enumValues", 1, Reckoned(5)),
    line("__Type.interfaces", 1, Reckoned(2)),
    line("__Type.possibleTypes", 1, Reckoned(10)),
    line("__Field.args", 1, Reckoned(2)),
];

impl Rows {
    /// The number that is reckoned with where no argument says another.
    pub(crate) fn usual(self) -> Option<u64> {
        match self {
            One => None,
            Reckoned(rows) | Part(rows) | First { usual: rows, .. } => Some(rows),
            Ids | Commands => Some(1),
            OfPage => Some(USUAL_PAGE.into()),
        }
    }

    /// Whether a list may be reckoned so, and nothing else.
    fn is_of_list(self) -> bool {
        !matches!(self, One | Commands)
    }
}

impl Line {
    fn fits(&self, of: &str, name: &str) -> bool {
        let (type_name, field) = self.field.split_once('.').expect("a line of the table is `Type.field`");
        let fits_type = match type_name.strip_prefix('*') {
            Some(end) => of.ends_with(end),
            None => of == type_name,
        };
        fits_type && (field == "*" || field == name)
    }
}

/// What a field of the schema is reckoned at.
#[derive(Clone, Debug)]
pub(crate) struct Price {
    /// What it costs by itself.
    pub(crate) cost: u64,
    /// How many rows it gives.
    pub(crate) rows: Rows,
    /// The type of what it gives.
    pub(crate) of: String,
}

/// The prices of all fields, by type and name.
pub(crate) struct Prices(HashMap<String, HashMap<String, Price>>);

impl Prices {
    /// The prices of a schema's fields.
    ///
    /// # Errors
    /// The lists that no line of the table has, and what is no list and stands there as one.
    pub(crate) fn of(schema: &Schema) -> Result<Self, Vec<String>> {
        let (mut prices, mut unsound) = (HashMap::new(), Vec::new());
        for (of, kind) in &schema.types {
            let fields = match kind {
                ExtendedType::Object(object) => &object.fields,
                ExtendedType::Interface(interface) => &interface.fields,
                _ => continue,
            };
            let mut of_type = HashMap::new();
            for (name, field) in fields {
                let line = TABLE.iter().find(|line| line.fits(of, name));
                let (cost, rows) = line.map_or((1, One), |line| (line.cost, line.rows));
                if field.ty.is_list() != rows.is_of_list() {
                    unsound.push(format!("{of}.{name}"));
                }
                let of = field.ty.inner_named_type().to_string();
                of_type.insert(name.to_string(), Price { cost, rows, of });
            }
            prices.insert(of.to_string(), of_type);
        }
        // The specification's own fields of the root stand in no schema.
        let root = schema.schema_definition.query.as_ref().map(|root| root.to_string());
        if let Some(query) = root.and_then(|root| prices.get_mut(&root)) {
            for (name, of) in [("__schema", "__Schema"), ("__type", "__Type")] {
                query.insert(name.to_owned(), Price { cost: 1, rows: One, of: of.to_owned() });
            }
        }
        if unsound.is_empty() { Ok(Self(prices)) } else { Err(unsound) }
    }

    /// What that field of that type is reckoned at; nothing where there is no such field, which validation will tell.
    pub(crate) fn find(&self, of: &str, name: &str) -> Option<&Price> {
        self.0.get(of)?.get(name)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn schema(sdl: &str) -> Schema {
        Schema::builder().ignore_builtin_redefinitions().parse(sdl, "schema").build().expect("a sound schema")
    }

    /// Whoever adds a list says how many rows it is reckoned to give.
    #[test]
    fn every_list_of_the_schema_has_its_line() {
        let unsound = Prices::of(&schema(&crate::graphql::sdl())).err().unwrap_or_default();
        assert_eq!(unsound, [] as [&str; 0], "the table says of these how many rows they give");
    }

    #[test]
    fn every_line_is_of_a_field() {
        let schema = schema(&crate::graphql::sdl());
        let mut idle: BTreeSet<&str> = TABLE.iter().map(|line| line.field).collect();
        for (of, kind) in &schema.types {
            let fields = match kind {
                ExtendedType::Object(object) => &object.fields,
                ExtendedType::Interface(interface) => &interface.fields,
                _ => continue,
            };
            for name in fields.keys() {
                if let Some(line) = TABLE.iter().find(|line| line.fits(of, name)) {
                    idle.remove(line.field);
                }
            }
        }
        assert_eq!(idle, BTreeSet::new(), "no field is priced by these lines");
    }

    #[test]
    fn a_list_without_a_line_is_found() {
        let sdl = "type Query { viewer: Viewer } type Viewer { roles: [String!]! friends: [Viewer!] }";
        assert_eq!(Prices::of(&schema(sdl)).err(), Some(vec!["Viewer.friends".to_owned()]));
        let sdl = "type Query { viewer: Viewer } type Viewer { roles: String }";
        assert_eq!(Prices::of(&schema(sdl)).err(), Some(vec!["Viewer.roles".to_owned()]));
    }

    #[test]
    fn the_first_line_that_fits_counts() {
        let prices = Prices::of(&schema(&crate::graphql::sdl())).unwrap_or_else(|lists| panic!("{lists:?}"));
        let rows = |of, name| prices.find(of, name).map(|price| price.rows);
        assert_eq!(rows("CasePreviewPayload", "events"), Some(Reckoned(5)));
        assert_eq!(rows("CaseEvent", "roles"), Some(Reckoned(3)));
        assert_eq!(rows("CaseConnection", "nodes"), Some(OfPage));
        assert_eq!(rows("Case", "title"), Some(One));
        assert_eq!(rows("__Type", "fields"), Some(Reckoned(20)));
        assert_eq!(rows("Case", "shoeSize"), None);
    }
}
