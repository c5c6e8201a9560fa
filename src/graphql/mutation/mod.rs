//! One mutation per command: what each says, and how it is read.
//!
//! A command that only the server gives (a missed deadline, a legacy activity) has no mutation.

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

/// 命令: one field per command. Every input may carry an `idempotencyKey`; every answer says where in the log its events stand, or why there are none.
#[derive(Default, MergedObject)]
pub(crate) struct Mutation(
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
);
