//! What can be ordered of an enterprise.

use jiff::civil::Date;

use crate::domain::campaign::command::CampaignFacts;
use crate::domain::case::facts::PersonFacts;
use crate::domain::case::values::Kind;
use crate::domain::change::Change;
use crate::domain::enterprise::values::{Contact, Identity};
use crate::domain::order::commands;
use crate::domain::person::values::LegalBasis;
use crate::domain::value::{CampaignId, Division, Label, Statement, VisitId};

commands! {
    /// What can be ordered of an enterprise.
    EnterpriseCommand {
        /// Puts an enterprise on a campaign's list.
        EnrolEnterprise {
            /// What identifies it.
            identity: Identity,
            /// Its name.
            name: Label,
            /// Where it stands.
            division: Division,
            /// Its address.
            address: Option<Label>,
            /// Whom to call.
            contact: Option<Contact>,
            /// What is known of the campaign.
            campaign: CampaignFacts,
            /// What is known of the campaigns that it is on the list of, where it stands elsewhere by then.
            campaigns: Vec<CampaignFacts>,
            /// How and when it agreed; absence is refused, except from the importer.
            consent: Option<Statement>,
        }
        /// Changes what the register says of it; what is not given stays, and so do its enrolments.
        AmendEnterprise {
            /// Its name.
            name: Option<Label>,
            /// Where it stands.
            division: Option<Division>,
            /// Its address.
            address: Change<Label>,
            /// Whom to call.
            contact: Change<Contact>,
            /// What is known of the campaigns that it is on the list of, where it is said where it stands.
            campaigns: Vec<CampaignFacts>,
        }
        /// Takes an enterprise from a campaign's list.
        WithdrawEnrolment {
            /// Which list.
            campaign: CampaignId,
            /// Why, if said.
            reason: Option<Statement>,
        }
        /// Puts a visit to the production line on record.
        RecordFieldVisit {
            /// Its id.
            id: VisitId,
            /// The campaign it was part of.
            campaign: CampaignId,
            /// Who went; nobody named means whoever records it.
            visitors: Vec<PersonFacts>,
            /// The day, in UTC+8: where nothing else is said, the visit had been made by its end.
            visited_on: Date,
            /// The workshop or line.
            place: Option<Label>,
            /// What was seen.
            seen: Statement,
            /// The help that seemed to be needed.
            needs: Vec<Kind>,
        }
        /// Erases what is on record of everybody who was ever named as whom to call.
        EraseContact {
            /// What obliges to it.
            legal_basis: LegalBasis,
            /// Who asked and how it was judged, in words that name nobody; absence is refused.
            reason: Option<Statement>,
        }
    }
}
