//! Orders of cases, and the cursors that continue them.

use async_graphql::resolver_utils::enum_value;
use async_graphql::{Enum, InputObject, InputType, Result};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::app::{CaseColumn, Direction, StoredCase, Value};
use crate::domain::view::values::OrderKey;
use crate::graphql::connection;
use crate::graphql::door::Door;
use crate::graphql::errors;
use crate::graphql::filter::words;
use crate::graphql::read_at::ReadAt;
use crate::graphql::scalars::Cursor;

/// How many keys an order may have.
const MOST_KEYS: usize = 4;

/// 排序: by what, and which way. The id is always the last key, in the direction of the one before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, InputObject, Serialize)]
pub(crate) struct CaseOrder {
    /// By what.
    pub(crate) field: CaseOrderField,
    /// Which way. Cases without a value come last in both.
    #[graphql(default_with = "OrderDirection::Asc")]
    pub(crate) direction: OrderDirection,
}

/// 方向: which way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum, Serialize)]
pub(crate) enum OrderDirection {
    /// 升序: smallest or earliest first.
    Asc,
    /// 降序: largest or latest first.
    Desc,
}

/// 排序字段: by what cases are ordered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum, Serialize)]
pub(crate) enum CaseOrderField {
    /// 编号.
    Number,
    /// 标题.
    Title,
    /// 报告时间.
    ReportedAt,
    /// 更新时间: when the log took its last event.
    UpdatedAt,
    /// 期限.
    Deadline,
    /// 行政区划, by code.
    Division,
    /// 能力差距, to six decimals, rounded up. Beyond 9·10^12 all count as alike.
    Gap,
}

impl CaseOrder {
    /// The words of it that are kept with a view.
    pub(crate) fn words(self, door: &mut Door) -> Option<OrderKey> {
        let field = door.text("orderBy", &enum_value(self.field).to_string())?;
        Some(OrderKey { field, descending: self.direction == OrderDirection::Desc })
    }

    /// The key of words that were kept.
    ///
    /// # Errors
    /// `VIEW_OUTDATED` when this server does not order by it any more.
    pub(crate) fn of_words(key: &OrderKey) -> Result<Self> {
        let field = CaseOrderField::parse(Some(key.field.to_string().into())).map_err(|_| words::outdated())?;
        let direction = if key.descending { OrderDirection::Desc } else { OrderDirection::Asc };
        Ok(Self { field, direction })
    }
}

impl CaseOrderField {
    fn column(self) -> CaseColumn {
        match self {
            Self::Number => CaseColumn::Number,
            Self::Title => CaseColumn::Title,
            Self::ReportedAt => CaseColumn::ReportedAt,
            Self::UpdatedAt => CaseColumn::UpdatedAt,
            Self::Deadline => CaseColumn::DeadlineOn,
            Self::Division => CaseColumn::Division,
            Self::Gap => CaseColumn::GapPpm,
        }
    }
}

/// An order in the columns of the rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Order(Vec<(CaseColumn, Direction)>);

/// The moment of a list's first page: all its pages are about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Asked {
    /// As of when the list is read.
    #[serde(flatten)]
    pub(crate) read: ReadAt,
    /// What relative bounds of its filter count from.
    pub(crate) now: Timestamp,
}

/// The place of a case in an ordered list, and the moment that the list is about.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Place {
    order: String,
    key: Vec<serde_json::Value>,
    asked: Asked,
}

impl Order {
    /// The order asked for; the latest reported first when none is.
    ///
    /// # Errors
    /// `ORDER_INVALID` for more than four keys or a key twice.
    pub(crate) fn read(asked: Option<Vec<CaseOrder>>) -> Result<Self> {
        let asked = asked
            .filter(|keys| !keys.is_empty())
            .unwrap_or_else(|| vec![CaseOrder { field: CaseOrderField::ReportedAt, direction: OrderDirection::Desc }]);
        let twice =
            asked.iter().enumerate().any(|(place, key)| asked[..place].iter().any(|other| other.field == key.field));
        if twice || asked.len() > MOST_KEYS {
            let message = format!("an order has at most {MOST_KEYS} keys, each once");
            return Err(errors::argument("ORDER_INVALID", "orderBy", message));
        }
        let columns = asked.into_iter().map(|key| {
            let direction = match key.direction {
                OrderDirection::Asc => Direction::Ascending,
                OrderDirection::Desc => Direction::Descending,
            };
            (key.field.column(), direction)
        });
        Ok(Self(columns.collect()))
    }

    /// The columns.
    pub(crate) fn columns(&self) -> &[(CaseColumn, Direction)] {
        &self.0
    }

    /// What tells one order from another in a cursor.
    fn print(&self) -> String {
        let keys = self.0.iter().map(|(column, direction)| {
            let sign = if *direction == Direction::Ascending { '+' } else { '-' };
            format!("{sign}{column:?}")
        });
        keys.collect()
    }

    /// The place of that case.
    pub(crate) fn place_of(&self, case: &StoredCase, asked: Asked) -> Cursor {
        let columns = self.0.iter().map(|(column, _)| *column).chain([CaseColumn::CaseId]);
        let key = columns.map(|column| match column.value_of(case) {
            Value::Text(text) => text.into(),
            Value::Integer(number) => number.into(),
            Value::Null => serde_json::Value::Null,
        });
        connection::encode(&Place { order: self.print(), key: key.collect(), asked })
    }

    /// The moment that a cursor of any order says.
    ///
    /// # Errors
    /// `CURSOR_INVALID` when it is of another list.
    pub(crate) fn asked(cursor: &Cursor) -> Result<Asked> {
        connection::decode::<Place>(cursor).map(|place| place.asked)
    }

    /// The key that a cursor of this order says.
    ///
    /// # Errors
    /// `CURSOR_INVALID` when it is of another order or list.
    pub(crate) fn place(&self, cursor: &Cursor) -> Result<Vec<Value>> {
        let place: Place = connection::decode(cursor)?;
        if place.order != self.print() || place.key.len() != self.0.len() + 1 {
            return Err(connection::invalid("after"));
        }
        // Whoever writes a cursor of their own may write anything.
        let columns = self.0.iter().map(|(column, _)| *column).chain([CaseColumn::CaseId]);
        let key = columns.zip(place.key).map(|(column, value)| {
            let value = match value {
                serde_json::Value::String(text) => Some(Value::Text(text)),
                serde_json::Value::Null => Some(Value::Null),
                serde_json::Value::Number(number) => number.as_i64().map(Value::Integer),
                _ => None,
            };
            value.filter(|value| column.can_hold(value)).ok_or_else(|| connection::invalid("after"))
        });
        key.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::Moment;

    fn order(field: CaseOrderField) -> Order {
        Order::read(Some(vec![CaseOrder { field, direction: OrderDirection::Asc }])).unwrap()
    }

    const ASKED: Asked =
        Asked { read: ReadAt { at: Moment::Position(7), head: None, time: None }, now: Timestamp::UNIX_EPOCH };

    fn cursor(order: &Order, key: Vec<serde_json::Value>) -> Cursor {
        connection::encode(&Place { order: order.print(), key, asked: ASKED })
    }

    #[test]
    fn a_cursor_continues_its_order_and_no_other() {
        let title = order(CaseOrderField::Title);
        let cursor = cursor(&title, vec!["难点".into(), "id".into()]);
        let key = title.place(&cursor).unwrap();
        assert_eq!(key, [Value::from("难点"), Value::from("id")]);
        assert_eq!(Order::asked(&cursor).unwrap(), ASKED);
        assert!(order(CaseOrderField::Number).place(&cursor).is_err());
        let descending = CaseOrder { field: CaseOrderField::Title, direction: OrderDirection::Desc };
        assert!(Order::read(Some(vec![descending])).unwrap().place(&cursor).is_err());
    }

    #[test]
    fn a_cursor_of_what_had_happened_says_where_the_log_ended() {
        let read = ReadAt { at: Moment::Occurred(-7), head: Some(u64::MAX), time: None };
        let happened = Asked { read, ..ASKED };
        let place = |asked| serde_json::to_value(Place { order: String::new(), key: Vec::new(), asked }).unwrap();
        let said = serde_json::json!({ "at": { "occurred": -7 }, "head": u64::MAX, "now": "1970-01-01T00:00:00Z" });
        assert_eq!(place(happened)["asked"], said);
        for (asked, is_said) in [(happened, true), (ASKED, false)] {
            let cursor = connection::encode(&place(asked));
            assert_eq!(Order::asked(&cursor).unwrap(), asked);
            assert_eq!(place(asked)["asked"].get("head").is_some(), is_said);
        }
    }

    #[test]
    fn a_cursor_of_the_past_says_what_the_time_was() {
        let then = Asked { read: ReadAt { time: Some(Timestamp::MAX), ..ASKED.read }, ..ASKED };
        for (asked, said) in [(then, Some(Timestamp::MAX)), (ASKED, None)] {
            let cursor = connection::encode(&Place { order: String::new(), key: Vec::new(), asked });
            assert_eq!(Order::asked(&cursor).unwrap().read.time, said);
        }
    }

    #[test]
    fn a_key_of_another_shape_is_refused() {
        let title = order(CaseOrderField::Title);
        let nothing = serde_json::Value::Null;
        for key in [
            vec![],
            vec!["id".into()],
            vec![1.5.into(), "id".into()],
            vec![true.into(), "id".into()],
            vec![1.into(), "id".into()],
            vec!["a\0b".into(), "id".into()],
            vec![nothing.clone(), "id".into()],
            vec!["a".into(), nothing],
        ] {
            assert!(title.place(&cursor(&title, key.clone())).is_err(), "{key:?}");
        }
    }

    #[test]
    fn a_key_comes_once() {
        let key = CaseOrder { field: CaseOrderField::Title, direction: OrderDirection::Asc };
        assert!(Order::read(Some(vec![key, key])).is_err());
    }
}
