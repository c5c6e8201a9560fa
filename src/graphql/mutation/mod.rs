//! One mutation per command: what each says, and how it is read.
//!
//! A command that only the server gives (a missed deadline, a legacy activity) has no mutation.

pub(crate) mod bulk;
pub(crate) mod canonical;
mod command;
mod declare;

mod assignment;
mod closing;
mod collaboration;
mod deadline;
mod escalation;
mod links;
mod records;
mod report;
mod research;
mod solution;
mod triage;

mod annual_summary;
mod campaign;
mod catalogue;
mod enterprise;
mod institution;
mod person;
mod view;

mod measurement;

mod webhook;

use async_graphql::MergedObject;

use webhook::ping;

/// Declares what all groups make together: the commands, and the same commands as dry runs.
macro_rules! groups {
    ($($module:ident::$group:ident,)+) => {
        /// 命令: one field per command. Every input may carry an `idempotencyKey`; every answer says where in the log its events stand, or why there are none.
        #[derive(Default, MergedObject)]
        pub(crate) struct Mutation($($module::$group,)+);

        /// 预演: one field per command, with the same input and the same decision; nothing is recorded.
        #[derive(Default, MergedObject)]
        #[graphql(name = "PreviewPayload")]
        pub(crate) struct Preview($($module::Previews,)+);
    };
}

groups! {
    campaign::CampaignMutation,
    institution::InstitutionMutation,
    person::PersonMutation,
    catalogue::CatalogueMutation,
    enterprise::EnterpriseMutation,
    report::ReportMutation,
    triage::TriageMutation,
    assignment::AssignmentMutation,
    collaboration::CollaborationMutation,
    research::ResearchMutation,
    solution::SolutionMutation,
    closing::ClosingMutation,
    escalation::EscalationMutation,
    deadline::DeadlineMutation,
    links::LinkMutation,
    records::RecordMutation,
    annual_summary::AnnualSummaryMutation,
    view::ViewMutation,
    webhook::WebhookMutation,
    ping::PingMutation,
    bulk::BulkMutation,
}
