//! Versions of cases and of the entries of registers, as their tables have them.

use serde::Serialize;
use sqlx::FromRow;

use crate::store::row_writes::{CaseVersion, RegisterVersion};
use crate::store::stored::{id, stream};
use crate::store::{CaseRow, RegisterRow, StoreError, StoredCase, StoredRegister};

#[derive(FromRow, PartialEq, Serialize)]
pub(super) struct CaseVersionRow {
    pub(super) case_id: String,
    pub(super) from_position: i64,
    version: i64,
    updated_at: i64,
    number: String,
    title: String,
    status: String,
    kind: Option<String>,
    category: Option<String>,
    severity: Option<String>,
    level: String,
    division: String,
    enterprise_id: String,
    campaign_id: String,
    institution_id: Option<String>,
    lead_id: Option<String>,
    origin: String,
    is_open: i64,
    reported_at: i64,
    deadline_on: Option<String>,
    deadline_missed_on: Option<String>,
    clock_paused: i64,
    parked_until: Option<String>,
    gap_ppm: Option<i64>,
    fee_total: String,
    typical: i64,
    reported_by: String,
    members: String,
    fee_fen: i64,
}

impl CaseVersionRow {
    /// As it is written.
    pub(super) fn of(version: &CaseVersion) -> Self {
        let CaseVersion { row, span } = version;
        Self {
            case_id: row.case_id.to_string(),
            from_position: span.from_position,
            version: span.version,
            updated_at: span.recorded_at,
            number: row.number.clone(),
            title: row.title.clone(),
            status: row.status.clone(),
            kind: row.kind.clone(),
            category: row.category.clone(),
            severity: row.severity.clone(),
            level: row.level.clone(),
            division: row.division.clone(),
            enterprise_id: row.enterprise_id.to_string(),
            campaign_id: row.campaign_id.to_string(),
            institution_id: row.institution_id.map(|id| id.to_string()),
            lead_id: row.lead_id.map(|id| id.to_string()),
            origin: row.origin.clone(),
            is_open: row.is_open.into(),
            reported_at: row.reported_at,
            deadline_on: row.deadline_on.clone(),
            deadline_missed_on: row.deadline_missed_on.clone(),
            clock_paused: row.clock_paused.into(),
            parked_until: row.parked_until.clone(),
            gap_ppm: row.gap_ppm,
            fee_total: row.fee_total.clone(),
            typical: row.typical.into(),
            reported_by: row.reported_by.clone(),
            members: row.members.clone(),
            fee_fen: row.fee_fen,
        }
    }
}

impl TryFrom<CaseVersionRow> for StoredCase {
    type Error = StoreError;

    fn try_from(row: CaseVersionRow) -> Result<Self, StoreError> {
        const TABLE: &str = "case_versions";
        Ok(Self {
            version: row.version.cast_unsigned(),
            from_position: row.from_position.cast_unsigned(),
            updated_at: row.updated_at,
            row: CaseRow {
                case_id: id(TABLE, &row.case_id)?,
                number: row.number,
                title: row.title,
                status: row.status,
                kind: row.kind,
                category: row.category,
                severity: row.severity,
                level: row.level,
                division: row.division,
                enterprise_id: id(TABLE, &row.enterprise_id)?,
                campaign_id: id(TABLE, &row.campaign_id)?,
                institution_id: row.institution_id.map(|text| id(TABLE, &text)).transpose()?,
                lead_id: row.lead_id.map(|text| id(TABLE, &text)).transpose()?,
                origin: row.origin,
                is_open: row.is_open == 1,
                reported_at: row.reported_at,
                deadline_on: row.deadline_on,
                deadline_missed_on: row.deadline_missed_on,
                clock_paused: row.clock_paused == 1,
                parked_until: row.parked_until,
                gap_ppm: row.gap_ppm,
                fee_total: row.fee_total,
                typical: row.typical == 1,
                reported_by: row.reported_by,
                members: row.members,
                fee_fen: row.fee_fen,
            },
        })
    }
}

#[derive(FromRow, PartialEq, Serialize)]
pub(super) struct RegisterVersionRow {
    pub(super) aggregate_type: String,
    pub(super) aggregate_id: String,
    pub(super) from_position: i64,
    version: i64,
    code: String,
    name: String,
    division: String,
    state: String,
    document: String,
    recorded_at: i64,
}

impl RegisterVersionRow {
    /// As it is written.
    pub(super) fn of(version: &RegisterVersion) -> Self {
        let RegisterVersion { stream, row, span } = version;
        Self {
            aggregate_type: stream.aggregate_type.as_str().to_owned(),
            aggregate_id: stream.aggregate_id.to_string(),
            from_position: span.from_position,
            version: span.version,
            code: row.code.clone(),
            name: row.name.clone(),
            division: row.division.clone(),
            state: row.state.clone(),
            document: row.document.clone(),
            recorded_at: span.recorded_at,
        }
    }
}

impl TryFrom<RegisterVersionRow> for StoredRegister {
    type Error = StoreError;

    fn try_from(row: RegisterVersionRow) -> Result<Self, StoreError> {
        Ok(Self {
            stream: stream("register_versions", &row.aggregate_type, &row.aggregate_id)?,
            version: row.version.cast_unsigned(),
            from_position: row.from_position.cast_unsigned(),
            updated_at: row.recorded_at,
            row: RegisterRow {
                code: row.code,
                name: row.name,
                division: row.division,
                state: row.state,
                document: row.document,
            },
        })
    }
}
