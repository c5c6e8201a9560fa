//! Statistics of the cases that somebody may see, and how their sums are written as numbers.

use bigdecimal::{BigDecimal, RoundingMode};
use jiff::Timestamp;

use crate::app::App;
use crate::app::reads::{CasePage, query};
use crate::app::request::Fault;
use crate::domain::actor::Actor;
use crate::domain::value::{Decimal, calendar};
use crate::store::{Condition, FeeSum, GroupKey, Grouped, Moment, StatisticsQuery, StoreError};

/// More groups than this are not answered to a client at once.
pub const MOST_GROUPS: u32 = 1_000;

/// What is added up.
#[derive(Clone, Debug)]
pub struct StatisticsQuestion {
    /// Which cases.
    pub condition: Condition,
    /// By which groups; none = one group.
    pub keys: Vec<GroupKey>,
    /// As of when.
    pub at: Moment,
    /// What the time was then, where that is known better than by the last event: what is late depends on it.
    pub time: Option<Timestamp>,
    /// More groups than this are counted and not told.
    pub most_groups: u32,
}

impl App {
    /// Adds up the cases that this actor may see: one statement, besides those that tell what day a position was on.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn statistics(&self, actor: &Actor, question: &StatisticsQuestion) -> Result<Grouped, Fault> {
        let today = calendar::date_of(self.time_of(question.at, question.time).await?);
        let page = CasePage::of(question.condition.clone(), 0, question.at);
        let query = StatisticsQuery {
            cases: query(actor, &page),
            keys: question.keys.clone(),
            today: today.to_string(),
            most_groups: question.most_groups,
        };
        Ok(self.store.statistics(&query).await?)
    }
}

/// Days of 24 hours, to hundredths, half to even.
#[must_use]
pub fn days(microseconds: i64) -> Decimal {
    const DAY: i64 = 24 * 60 * 60 * 1_000_000;
    let days = BigDecimal::from(microseconds) / BigDecimal::from(DAY);
    Decimal::from(days.with_scale_round(2, RoundingMode::HalfEven))
}

/// A capability gap of so many millionths, without the zeros at its end.
#[must_use]
pub fn gap_of(parts_per_million: i64) -> Decimal {
    Decimal::from(BigDecimal::new(parts_per_million.into(), 6).normalized())
}

/// A share, to ten-thousandths, half to even; none of nothing.
#[must_use]
pub fn rate(part: u64, whole: u64) -> Option<Decimal> {
    (whole > 0).then(|| {
        let rate = BigDecimal::from(part) / BigDecimal::from(whole);
        Decimal::from(rate.with_scale_round(4, RoundingMode::HalfEven))
    })
}

/// The sum of fees, exactly, with two decimals or more: yuan are told to the fen.
///
/// # Errors
/// [`StoreError::Corrupt`] when an amount is no number: a total without it would be a wrong one.
pub fn fee_total<'a>(fees: impl IntoIterator<Item = &'a FeeSum>) -> Result<Decimal, Fault> {
    let sum = fees.into_iter().try_fold(Decimal::zero(), |sum, fee| {
        let damaged = || StoreError::Corrupt { what: format!("amount {:?} of {} in figures", fee.amount, fee.item) };
        let amount = Decimal::try_from(fee.amount.clone()).map_err(|_| damaged())?;
        let count = i64::try_from(fee.count).map_err(|_| damaged())?;
        Ok::<_, Fault>(&sum + &(&amount * &Decimal::from(count)))
    })?;
    let sum = sum.as_big_decimal();
    Ok(Decimal::from(sum.with_scale(sum.fractional_digit_count().max(2))))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decimal(text: &str) -> Decimal {
        Decimal::parse(text).expect("a decimal")
    }

    #[test]
    fn times_are_days_to_hundredths() {
        let hour = 3_600_000_000;
        assert_eq!(days(36 * hour).to_string(), "1.50");
        assert_eq!(days(0).to_string(), "0.00");
        // 0.125 and 0.375 days are ties: the even neighbour is taken.
        assert_eq!(days(3 * hour).to_string(), "0.12");
        assert_eq!(days(9 * hour).to_string(), "0.38");
        assert_eq!(days(-12 * hour).to_string(), "-0.50");
    }

    #[test]
    fn a_gap_has_no_zeros_at_its_end() {
        assert_eq!(gap_of(1_500_000).to_string(), "1.5");
        assert_eq!(gap_of(20_000_000).to_string(), "20");
        assert_eq!(gap_of(0).to_string(), "0");
    }

    #[test]
    fn nothing_has_no_share() {
        assert_eq!(rate(1, 3), Some(decimal("0.3333")));
        assert_eq!(rate(0, 3).map(|rate| rate.to_string()).as_deref(), Some("0.0000"));
        assert_eq!(rate(0, 0), None);
    }

    #[test]
    fn fees_add_up_to_the_fen_whatever_their_size() {
        let fee = |amount: &str, count| FeeSum {
            item: "A".to_owned(),
            list: "44".to_owned(),
            amount: amount.to_owned(),
            count,
        };
        let fees = [fee("0.10", 3), fee("99999999999999999999.99", 2)];
        assert_eq!(fee_total(&fees).expect("numbers").to_string(), "200000000000000000000.28");
        for (amount, count, total) in [("0.10", 1, "0.10"), ("140.6", 1, "140.60"), ("5", 2, "10.00")] {
            assert_eq!(fee_total(&[fee(amount, count)]).expect("a number").to_string(), total);
        }
        assert_eq!(fee_total(&[]).expect("nothing to read").to_string(), "0.00");
        for damaged in ["", "12 CNY", "1/2"] {
            let fault = fee_total(&[fee("0.10", 3), fee(damaged, 1)]).expect_err("it is no number");
            assert!(fault.is_damage(), "{damaged:?}: {fault}");
        }
    }
}
