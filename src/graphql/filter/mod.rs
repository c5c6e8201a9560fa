//! Filters of cases: nested and bounded, from the schema's words to the columns of the rows.

mod bound;
mod comparison;
mod implied;
mod operand;
pub(crate) mod order;
pub(crate) mod path;
pub(crate) mod words;

use async_graphql::{InputObject, Result};
use jiff::Timestamp;

use crate::app::{CaseColumn, Condition, Operator, Value};
use crate::domain::refusal::{Code, Refusal};
use crate::domain::value::{CampaignId, CaseId, Division, EnterpriseId, InstitutionId, PersonId};
use crate::graphql::errors;
use crate::graphql::limits::NamedLimit;
use crate::graphql::scalars;
use bound::{DateOrRelative, DateTimeOrRelative, Place};
use comparison::{
    DateComparison, DateTimeComparison, DecimalComparison, IdComparison, KindComparison, LevelComparison,
    OriginComparison, SeverityComparison, StatusComparison, TextComparison, compare,
};
use implied::with_implied;
use operand::Neighbours;
use path::Path;

/// How deep `and`, `or` and `not` may nest.
pub(crate) const DEEPEST: usize = 5;
/// How many characters a text may have that is looked for.
const LONGEST_TEXT: usize = 1_000;
/// How many comparisons a filter may hold.
pub(crate) const LARGEST: usize = 100;

/// 筛选: which cases. Every field that is given has to hold; one that is null is as if it were left out. An operator within a comparison may not be null (`COMPARED_WITH_NULL`): what is missing is asked for with `isNull`. `and`, `or` and `not` nest at most 5 deep.
#[derive(Clone, Debug, Default, InputObject)]
pub(crate) struct CaseFilter {
    /// Every one of these holds.
    pub(crate) and: Option<Vec<CaseFilter>>,
    /// At least one of these holds.
    pub(crate) or: Option<Vec<CaseFilter>>,
    /// This does not hold.
    pub(crate) not: Option<Box<CaseFilter>>,
    /// 难点: the case itself.
    pub(crate) id: Option<IdComparison>,
    /// 编号.
    pub(crate) number: Option<TextComparison>,
    /// 标题.
    pub(crate) title: Option<TextComparison>,
    /// 状态.
    pub(crate) status: Option<StatusComparison>,
    /// 未了结: whether somebody still has to do something about it.
    pub(crate) open: Option<bool>,
    /// 类型.
    pub(crate) kind: Option<KindComparison>,
    /// 严重程度.
    pub(crate) severity: Option<SeverityComparison>,
    /// 层级.
    pub(crate) level: Option<LevelComparison>,
    /// 来源.
    pub(crate) origin: Option<OriginComparison>,
    /// 服务类别: codes of the KCDB list, such as `T/H-3`.
    pub(crate) category: Option<TextComparison>,
    /// 行政区划: exactly these divisions, by code; the nation's is empty.
    pub(crate) division: Option<TextComparison>,
    /// 行政区划: in this division or below it: 2, 4 or 6 digits, or `CN`.
    pub(crate) division_within: Option<String>,
    /// 企业.
    pub(crate) enterprise_id: Option<IdComparison>,
    /// 活动.
    pub(crate) campaign_id: Option<IdComparison>,
    /// 计量技术机构: the one that is assigned.
    pub(crate) institution_id: Option<IdComparison>,
    /// 攻关负责人.
    pub(crate) lead_id: Option<IdComparison>,
    /// 参与人: who works on it: the lead, and every expert invited or active. Missing where nobody does.
    pub(crate) member_id: Option<IdComparison>,
    /// 报告人: who reported it: the actor's id, as tokens have it.
    pub(crate) reported_by: Option<TextComparison>,
    /// 报告时间.
    pub(crate) reported_at: Option<DateTimeComparison>,
    /// 更新时间: when the log took its last event.
    pub(crate) updated_at: Option<DateTimeComparison>,
    /// 期限.
    pub(crate) deadline: Option<DateComparison>,
    /// 逾期: the day since which a missed deadline waits for an answer.
    pub(crate) deadline_missed_on: Option<DateComparison>,
    /// 暂存至.
    pub(crate) parked_until: Option<DateComparison>,
    /// 计时暂停.
    pub(crate) clock_paused: Option<bool>,
    /// 能力差距: above `"1"` the bottleneck stands. Gaps are compared to six decimals, rounded up, so that `gt: "1"` finds exactly those that are not `closed`; what they are compared with is not rounded: one with more decimals is equal to none. Beyond 9·10^12 all count as alike.
    pub(crate) gap: Option<DecimalComparison>,
    /// 收费合计: the sum of its fees that are not retracted, in CNY, to the fen. What it is compared with is not rounded.
    pub(crate) fee_total: Option<DecimalComparison>,
    /// 典型案例: published as good practice.
    pub(crate) typical: Option<bool>,
}

impl CaseFilter {
    /// The condition on the rows. What is relative counts from `now`, the moment that the question is about.
    ///
    /// # Errors
    /// `FILTER_TOO_LARGE` above 5 levels or 100 comparisons, or the code of an unsound value.
    pub(crate) fn condition(&self, now: Timestamp) -> Result<Condition> {
        let condition = self.nested(Path::of("filter"), 1, now)?;
        if size(&condition) > LARGEST {
            return Err(too_large("largestFilter", LARGEST));
        }
        Ok(with_implied(condition))
    }

    fn nested(&self, path: Path<'_>, depth: usize, now: Timestamp) -> Result<Condition> {
        if depth > DEEPEST {
            return Err(too_large("deepestFilter", DEEPEST));
        }
        let mut all = Vec::new();
        if let Some(filters) = &self.and {
            all.push(Condition::All(nest(filters, path.field("and"), depth, now)?));
        }
        if let Some(filters) = &self.or {
            all.push(Condition::Any(nest(filters, path.field("or"), depth, now)?));
        }
        if let Some(filter) = &self.not {
            all.push(Condition::Not(Box::new(filter.nested(path.field("not"), depth + 1, now)?)));
        }
        self.words(path, &mut all)?;
        self.ids(path, &mut all)?;
        self.moments(path, now, &mut all)?;
        self.numbers(path, &mut all)?;
        Ok(Condition::All(all))
    }

    fn words(&self, path: Path<'_>, all: &mut Vec<Condition>) -> Result<()> {
        let texts = [
            ("number", CaseColumn::Number, &self.number),
            ("title", CaseColumn::Title, &self.title),
            ("category", CaseColumn::Category, &self.category),
            ("division", CaseColumn::Division, &self.division),
            ("reportedBy", CaseColumn::ReportedBy, &self.reported_by),
        ];
        for (field, column, comparison) in texts {
            if let Some(comparison) = comparison {
                comparison.conditions(path.field(field), column, all)?;
            }
        }
        if let Some(status) = &self.status {
            status.conditions(path.field("status"), CaseColumn::Status, all)?;
        }
        if let Some(kind) = &self.kind {
            kind.conditions(path.field("kind"), CaseColumn::Kind, all)?;
        }
        if let Some(severity) = &self.severity {
            severity.conditions(path.field("severity"), CaseColumn::Severity, all)?;
        }
        if let Some(level) = &self.level {
            level.conditions(path.field("level"), CaseColumn::Level, all)?;
        }
        if let Some(origin) = &self.origin {
            origin.conditions(path.field("origin"), CaseColumn::Origin, all)?;
        }
        let flags = [
            (CaseColumn::IsOpen, self.open),
            (CaseColumn::ClockPaused, self.clock_paused),
            (CaseColumn::Typical, self.typical),
        ];
        for (column, flag) in flags {
            all.extend(flag.map(|flag| compare(column, Operator::Equal, Value::Integer(flag.into()))));
        }
        if let Some(code) = &self.division_within {
            let division = Division::parse(code).map_err(|error| {
                errors::refused(&Refusal::of_value(path.field("divisionWithin").to_string(), error))
            })?;
            let text = division.code().to_owned();
            all.push(Condition::StartsWith { column: CaseColumn::Division, text });
        }
        Ok(())
    }

    fn ids(&self, path: Path<'_>, all: &mut Vec<Condition>) -> Result<()> {
        if let Some(ids) = &self.id {
            ids.conditions::<CaseId>(path.field("id"), CaseColumn::CaseId, all)?;
        }
        if let Some(ids) = &self.enterprise_id {
            ids.conditions::<EnterpriseId>(path.field("enterpriseId"), CaseColumn::EnterpriseId, all)?;
        }
        if let Some(ids) = &self.campaign_id {
            ids.conditions::<CampaignId>(path.field("campaignId"), CaseColumn::CampaignId, all)?;
        }
        if let Some(ids) = &self.institution_id {
            ids.conditions::<InstitutionId>(path.field("institutionId"), CaseColumn::InstitutionId, all)?;
        }
        if let Some(ids) = &self.lead_id {
            ids.conditions::<PersonId>(path.field("leadId"), CaseColumn::LeadId, all)?;
        }
        if let Some(ids) = &self.member_id {
            ids.members(path.field("memberId"), all)?;
        }
        Ok(())
    }

    /// Rows hold moments in microseconds, and days as text.
    fn moments(&self, path: Path<'_>, now: Timestamp, all: &mut Vec<Condition>) -> Result<()> {
        let moment =
            |bound: &DateTimeOrRelative, path: Path<'_>| Ok(Neighbours::of_moment(bound.moment(Place { path, now })?));
        let day = |bound: &DateOrRelative, path: Path<'_>| {
            Ok(Neighbours::same(Value::Text(bound.day(Place { path, now })?.to_string())))
        };
        for (field, column, comparison) in [
            ("reportedAt", CaseColumn::ReportedAt, &self.reported_at),
            ("updatedAt", CaseColumn::UpdatedAt, &self.updated_at),
        ] {
            if let Some(comparison) = comparison {
                comparison.conditions(path.field(field), column, moment, all)?;
            }
        }
        for (field, column, comparison) in [
            ("deadline", CaseColumn::DeadlineOn, &self.deadline),
            ("deadlineMissedOn", CaseColumn::DeadlineMissedOn, &self.deadline_missed_on),
            ("parkedUntil", CaseColumn::ParkedUntil, &self.parked_until),
        ] {
            if let Some(comparison) = comparison {
                comparison.conditions(path.field(field), column, day, all)?;
            }
        }
        Ok(())
    }

    /// Rows hold the gap in millionths, rounded up, and fees in hundredths.
    fn numbers(&self, path: Path<'_>, all: &mut Vec<Condition>) -> Result<()> {
        for (field, column, parts, comparison) in
            [("gap", CaseColumn::GapPpm, 1_000_000, &self.gap), ("feeTotal", CaseColumn::FeeFen, 100, &self.fee_total)]
        {
            if let Some(comparison) = comparison {
                let neighbours = |number: &scalars::Decimal, path: Path<'_>| Neighbours::of_parts(number, parts, path);
                comparison.conditions(path.field(field), column, neighbours, all)?;
            }
        }
        Ok(())
    }
}

fn nest(filters: &[CaseFilter], path: Path<'_>, depth: usize, now: Timestamp) -> Result<Vec<Condition>> {
    let nested = |(place, filter): (usize, &CaseFilter)| filter.nested(path.item(place), depth + 1, now);
    filters.iter().enumerate().map(nested).collect()
}

/// How many comparisons it holds; a list of values counts as many. What is empty counts as one: the database has to read it as well.
fn size(condition: &Condition) -> usize {
    match condition {
        Condition::All(conditions) | Condition::Any(conditions) => conditions.iter().map(size).sum::<usize>().max(1),
        Condition::Not(condition) => size(condition),
        Condition::In { values, .. } => values.len().max(1),
        Condition::Members(actors) => actors.len().max(1),
        Condition::Compare { .. }
        | Condition::IsNull { .. }
        | Condition::Contains { .. }
        | Condition::StartsWith { .. } => 1,
    }
}

/// A text to look for. SQLite takes no pattern above 50,000 bytes, and PostgreSQL no text with U+0000.
///
/// # Errors
/// `TEXT_TOO_LONG`, `TEXT_CONTROL_CHARACTER`.
pub(crate) fn sought(field: &str, text: String) -> Result<String> {
    let refused = |code, message: String| Err(errors::refused(&Refusal::new(code, field, message)));
    if text.chars().nth(LONGEST_TEXT).is_some() {
        return refused(Code::TextTooLong, format!("a text to look for has at most {LONGEST_TEXT} characters"));
    }
    if text.contains('\0') {
        return refused(Code::TextControlCharacter, "no text has the character U+0000".to_owned());
    }
    Ok(text)
}

fn too_large(name: &'static str, maximum: usize) -> async_graphql::Error {
    let message = format!("a filter nests at most {DEEPEST} deep and holds at most {LARGEST} comparisons");
    errors::over("FILTER_TOO_LARGE", "filter", NamedLimit { name, maximum: maximum as u64 }, message)
}

#[cfg(test)]
mod tests {
    use async_graphql::MaybeUndefined;

    use super::*;

    fn nested(depth: usize) -> CaseFilter {
        match depth {
            1 => CaseFilter { open: Some(true), ..CaseFilter::default() },
            _ => CaseFilter { not: Some(Box::new(nested(depth - 1))), ..CaseFilter::default() },
        }
    }

    #[test]
    fn an_empty_filter_holds_for_all() {
        assert_eq!(CaseFilter::default().condition(Timestamp::UNIX_EPOCH).unwrap(), Condition::All(Vec::new()));
    }

    #[test]
    fn the_gap_is_compared_in_millionths() {
        let gap = DecimalComparison {
            gt: MaybeUndefined::Value(scalars::Decimal::of("1.5")),
            ..DecimalComparison::default()
        };
        let filter = CaseFilter { gap: Some(gap), ..CaseFilter::default() };
        let expected = compare(CaseColumn::GapPpm, Operator::Greater, Value::Integer(1_500_000));
        assert_eq!(filter.condition(Timestamp::UNIX_EPOCH).unwrap(), Condition::All(vec![expected]));
    }

    #[test]
    fn nesting_has_a_bottom() {
        assert!(nested(DEEPEST).condition(Timestamp::UNIX_EPOCH).is_ok());
        assert!(nested(DEEPEST + 1).condition(Timestamp::UNIX_EPOCH).is_err());
    }

    #[test]
    fn a_filter_has_a_size() {
        let title = TextComparison {
            one_of: MaybeUndefined::Value(vec!["x".to_owned(); LARGEST + 1]),
            ..TextComparison::default()
        };
        assert!(CaseFilter { title: Some(title), ..CaseFilter::default() }.condition(Timestamp::UNIX_EPOCH).is_err());
    }

    #[test]
    fn what_is_empty_counts_as_well() {
        let empty = |count: usize| CaseFilter { or: Some(vec![CaseFilter::default(); count]), ..CaseFilter::default() };
        assert!(empty(LARGEST).condition(Timestamp::UNIX_EPOCH).is_ok());
        let lists = CaseFilter { and: Some(vec![empty(0); LARGEST + 1]), ..CaseFilter::default() };
        let none = TextComparison { one_of: MaybeUndefined::Value(Vec::new()), ..TextComparison::default() };
        let title = CaseFilter { title: Some(none), ..CaseFilter::default() };
        let titles = CaseFilter { or: Some(vec![title; LARGEST + 1]), ..CaseFilter::default() };
        for filter in [empty(LARGEST + 1), lists, titles] {
            let error = filter.condition(Timestamp::UNIX_EPOCH).unwrap_err();
            let extensions = error.extensions.expect("it has extensions");
            assert_eq!(extensions.get("code"), Some(&async_graphql::Value::from("FILTER_TOO_LARGE")));
        }
    }

    #[test]
    fn what_makes_no_sense_is_named_by_its_field() {
        let text =
            || Some(TextComparison { contains: MaybeUndefined::Value("\0".to_owned()), ..TextComparison::default() });
        let id = || Some(IdComparison { one_of: MaybeUndefined::Value(vec!["x".into()]), ..IdComparison::default() });
        let no = CaseFilter::default;
        for (filter, field) in [
            (CaseFilter { number: text(), ..no() }, "number.contains"),
            (CaseFilter { title: text(), ..no() }, "title.contains"),
            (CaseFilter { category: text(), ..no() }, "category.contains"),
            (CaseFilter { division: text(), ..no() }, "division.contains"),
            (CaseFilter { reported_by: text(), ..no() }, "reportedBy.contains"),
            (CaseFilter { id: id(), ..no() }, "id.in.0"),
            (CaseFilter { enterprise_id: id(), ..no() }, "enterpriseId.in.0"),
            (CaseFilter { campaign_id: id(), ..no() }, "campaignId.in.0"),
            (CaseFilter { institution_id: id(), ..no() }, "institutionId.in.0"),
            (CaseFilter { lead_id: id(), ..no() }, "leadId.in.0"),
            (CaseFilter { member_id: id(), ..no() }, "memberId.in.0"),
        ] {
            let error = filter.condition(Timestamp::UNIX_EPOCH).unwrap_err();
            assert_eq!(errors::told(&error).1, format!("filter.{field}"));
        }
    }

    #[test]
    fn an_unknown_division_is_refused() {
        let filter = CaseFilter { division_within: Some("99".to_owned()), ..CaseFilter::default() };
        assert!(filter.condition(Timestamp::UNIX_EPOCH).is_err());
    }
}
