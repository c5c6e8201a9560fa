//! Versions of cases and of the entries of registers, as their tables have them.

use sqlx::FromRow;

use crate::store::stored::{id, stream, time};
use crate::store::{CaseRow, RegisterRow, StoreError, StoredCase, StoredRegister};

#[derive(FromRow)]
pub(super) struct CaseVersionRow {
    case_id: String,
    from_position: i64,
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

impl TryFrom<CaseVersionRow> for StoredCase {
    type Error = StoreError;

    fn try_from(row: CaseVersionRow) -> Result<Self, StoreError> {
        const TABLE: &str = "case_versions";
        Ok(Self {
            version: row.version.cast_unsigned(),
            from_position: row.from_position.cast_unsigned(),
            updated_at: time("case_versions.updated_at", row.updated_at)?,
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
                reported_at: time("case_versions.reported_at", row.reported_at)?,
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

#[derive(FromRow)]
pub(super) struct RegisterVersionRow {
    aggregate_type: String,
    aggregate_id: String,
    from_position: i64,
    version: i64,
    code: String,
    name: String,
    division: String,
    state: String,
    document: String,
    recorded_at: i64,
}

impl TryFrom<RegisterVersionRow> for StoredRegister {
    type Error = StoreError;

    fn try_from(row: RegisterVersionRow) -> Result<Self, StoreError> {
        Ok(Self {
            stream: stream("register_versions", &row.aggregate_type, &row.aggregate_id)?,
            version: row.version.cast_unsigned(),
            from_position: row.from_position.cast_unsigned(),
            updated_at: time("register_versions.recorded_at", row.recorded_at)?,
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
