//! 命令: the input of any command, for those who send many.

use async_graphql::{Context, OneofObject, Result};

use crate::graphql::mutation::annual_summary::{AmendAnnualSummaryInput, SubmitAnnualSummaryInput};
use crate::graphql::mutation::assignment::{
    AcceptAssignmentInput, AssignResearchInput, DeclineAssignmentInput, ReassignResearchInput,
};
use crate::graphql::mutation::bulk::CommandPreview;
use crate::graphql::mutation::campaign::{CloseCampaignInput, OpenCampaignInput};
use crate::graphql::mutation::catalogue::{
    DelistChargeableItemInput, ListChargeableItemInput, RegisterRegulationEditionInput,
};
use crate::graphql::mutation::closing::{CloseCaseInput, ReopenCaseInput, WithdrawCaseInput};
use crate::graphql::mutation::collaboration::{
    AcceptInvitationInput, DeclineInvitationInput, InviteExpertInput, LeaveCaseInput, RemoveExpertInput,
};
use crate::graphql::mutation::deadline::{ExtendDeadlineInput, PauseClockInput, ResumeClockInput, SetDeadlineInput};
use crate::graphql::mutation::enterprise::{
    AmendEnterpriseInput, EnrolEnterpriseInput, EraseContactInput, RecordFieldVisitInput, WithdrawEnrolmentInput,
};
use crate::graphql::mutation::escalation::{EscalateCaseInput, ParkCaseInput, UnparkCaseInput};
use crate::graphql::mutation::institution::{AmendInstitutionInput, RegisterInstitutionInput};
use crate::graphql::mutation::links::{LinkCasesInput, MarkDuplicateInput, UnlinkCasesInput};
use crate::graphql::mutation::person::{AmendPersonInput, ErasePersonInput, RegisterPersonInput};
use crate::graphql::mutation::records::{
    AddAttachmentInput, AddCommentInput, EraseImportedPersonsInput, IntroduceTechniqueInput, PublishTypicalCaseInput,
    RecordFeeInput, RecordTrainingInput, RetractFeeInput, RetractTypicalCaseInput,
};
use crate::graphql::mutation::report::{RenameCaseInput, ReportCaseInput, SpecifyRequirementInput};
use crate::graphql::mutation::research::{RecordFindingInput, RecordMeasurementInput, RetractMeasurementInput};
use crate::graphql::mutation::solution::{
    ConfirmSolutionInput, ProposeSolutionInput, RecordTrialResultInput, RejectSolutionInput, ReviewSolutionInput,
    StartTrialInput,
};
use crate::graphql::mutation::triage::{ProvideRoutineServiceInput, TriageCaseInput};
use crate::graphql::mutation::view::{DeleteViewInput, SaveViewInput, ShareViewInput, UpdateViewInput};
use crate::graphql::orders::{self, Outcome};

/// Declares the input of any command: of each its mutation and its input, apart by what their previews show.
macro_rules! commands {
    ($($preview:ident { $($command:ident($input:ident),)+ })+) => {
        /// 命令: one of them, by the name of its mutation.
        #[derive(Clone, Debug, OneofObject)]
        pub(crate) enum CommandInput {
            $($(
                /// What the mutation of this name takes.
                $command(Box<$input>),
            )+)+
        }

        impl CommandInput {
            /// Carries it out, under that key where it has none of its own.
            ///
            /// # Errors
            /// Only when the house fails; what the domain refuses is in the outcome.
            pub(super) async fn carry_out(&self, ctx: &Context<'_>, key: Option<&str>) -> Result<Outcome> {
                match self {
                    $($(Self::$command(input) => orders::carry_out(ctx, &**input, key).await,)+)+
                }
            }

            /// Tells what it would do, under that key where it has none of its own.
            ///
            /// # Errors
            /// Only when the house fails.
            pub(super) async fn foresee(&self, ctx: &Context<'_>, key: Option<&str>) -> Result<CommandPreview> {
                match self {
                    $($(Self::$command(input) => {
                        let prospect = orders::foresee(ctx, &**input, key).await?;
                        Ok(CommandPreview::$preview(prospect.into()))
                    })+)+
                }
            }
        }
    };
}

commands! {
    Case {
        AcceptAssignment(AcceptAssignmentInput),
        AcceptInvitation(AcceptInvitationInput),
        AddAttachment(AddAttachmentInput),
        AddComment(AddCommentInput),
        AssignResearch(AssignResearchInput),
        CloseCase(CloseCaseInput),
        ConfirmSolution(ConfirmSolutionInput),
        DeclineAssignment(DeclineAssignmentInput),
        DeclineInvitation(DeclineInvitationInput),
        EraseImportedPersons(EraseImportedPersonsInput),
        EscalateCase(EscalateCaseInput),
        ExtendDeadline(ExtendDeadlineInput),
        IntroduceTechnique(IntroduceTechniqueInput),
        InviteExpert(InviteExpertInput),
        LeaveCase(LeaveCaseInput),
        LinkCases(LinkCasesInput),
        MarkDuplicate(MarkDuplicateInput),
        ParkCase(ParkCaseInput),
        PauseClock(PauseClockInput),
        ProposeSolution(ProposeSolutionInput),
        ProvideRoutineService(ProvideRoutineServiceInput),
        PublishTypicalCase(PublishTypicalCaseInput),
        ReassignResearch(ReassignResearchInput),
        RecordFee(RecordFeeInput),
        RecordFinding(RecordFindingInput),
        RecordMeasurement(RecordMeasurementInput),
        RecordTraining(RecordTrainingInput),
        RecordTrialResult(RecordTrialResultInput),
        RejectSolution(RejectSolutionInput),
        RemoveExpert(RemoveExpertInput),
        RenameCase(RenameCaseInput),
        ReopenCase(ReopenCaseInput),
        ReportCase(ReportCaseInput),
        ResumeClock(ResumeClockInput),
        RetractFee(RetractFeeInput),
        RetractMeasurement(RetractMeasurementInput),
        RetractTypicalCase(RetractTypicalCaseInput),
        ReviewSolution(ReviewSolutionInput),
        SetDeadline(SetDeadlineInput),
        SpecifyRequirement(SpecifyRequirementInput),
        StartTrial(StartTrialInput),
        TriageCase(TriageCaseInput),
        UnlinkCases(UnlinkCasesInput),
        UnparkCase(UnparkCaseInput),
        WithdrawCase(WithdrawCaseInput),
    }
    Register {
        AmendAnnualSummary(AmendAnnualSummaryInput),
        AmendEnterprise(AmendEnterpriseInput),
        AmendInstitution(AmendInstitutionInput),
        AmendPerson(AmendPersonInput),
        CloseCampaign(CloseCampaignInput),
        DeleteView(DeleteViewInput),
        DelistChargeableItem(DelistChargeableItemInput),
        EnrolEnterprise(EnrolEnterpriseInput),
        EraseContact(EraseContactInput),
        ErasePerson(ErasePersonInput),
        ListChargeableItem(ListChargeableItemInput),
        OpenCampaign(OpenCampaignInput),
        RecordFieldVisit(RecordFieldVisitInput),
        RegisterInstitution(RegisterInstitutionInput),
        RegisterPerson(RegisterPersonInput),
        RegisterRegulationEdition(RegisterRegulationEditionInput),
        SaveView(SaveViewInput),
        ShareView(ShareViewInput),
        SubmitAnnualSummary(SubmitAnnualSummaryInput),
        UpdateView(UpdateViewInput),
        WithdrawEnrolment(WithdrawEnrolmentInput),
    }
}
