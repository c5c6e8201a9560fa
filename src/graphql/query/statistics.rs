//! Figures: statistics by groups, and those of a year.

use std::ops::RangeInclusive;

use async_graphql::resolver_utils::enum_value;
use async_graphql::{Context, Object, Result};

use crate::app::{Grouped, MOST_GROUPS, StatisticsQuestion, YearQuestion};
use crate::domain::order::FIRST_YEAR;
use crate::domain::refusal::Refusal;
use crate::domain::value::Division;
use crate::graphql::context::{actor, app, reached};
use crate::graphql::errors;
use crate::graphql::filter::CaseFilter;
use crate::graphql::limits::NamedLimit;
use crate::graphql::query::Viewpoint;
use crate::graphql::scalars::Position;
use crate::graphql::types::annual_figures::AnnualFigures;
use crate::graphql::types::statistics::{Statistics, StatisticsKey};
use crate::graphql::words::Level;

/// The years that a date can have and a log tells of.
const YEARS: RangeInclusive<i16> = FIRST_YEAR..=9_000;

#[derive(Default)]
pub(crate) struct StatisticsQuery(pub(super) Viewpoint);

/// Figures.
#[Object]
impl StatisticsQuery {
    /// 统计: the cases that you may see, added up by groups, at most 1,000 of them: counts, times, capability gaps, fees, trainings. All figures of one answer are of one moment.
    async fn statistics(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "筛选: only these cases.")] filter: Option<CaseFilter>,
        #[graphql(desc = "分组: what the groups are made by, together; one group of all when left out.")]
        group_by: Option<Vec<StatisticsKey>>,
        #[graphql(
            desc = "区划层级: how wide the divisions of `JURISDICTION` are; one below your own jurisdiction when left out."
        )]
        jurisdiction_level: Option<Level>,
        #[graphql(desc = "Waits until this position is seen.")] min_position: Option<Position>,
    ) -> Option<Result<Statistics>> {
        errors::nullable(async {
            reached(ctx, min_position).await?;
            let keys = group_by.unwrap_or_default();
            if let Some(repeated) = (1..keys.len()).find(|place| keys[..*place].contains(&keys[*place])) {
                let message = format!("{} stands twice: every key makes groups once", enum_value(keys[repeated]));
                return Err(errors::argument("GROUP_BY_REPEATED", "groupBy", message));
            }
            let level = jurisdiction_level.unwrap_or_else(|| below(&actor(ctx).jurisdiction));
            let question = StatisticsQuestion {
                condition: filter.unwrap_or_default().condition(self.0.time.unwrap_or_else(|| app(ctx).now()))?,
                keys: keys.iter().map(|key| key.of_rows(level)).collect(),
                at: self.0.moment,
                time: self.0.time,
                most_groups: MOST_GROUPS,
            };
            let grouped = app(ctx).statistics(actor(ctx), &question).await;
            match grouped.map_err(|fault| errors::fault(ctx, fault))? {
                Grouped::Groups(groups) => Ok(Some(Statistics { keys, groups, at: question.at })),
                Grouped::TooMany(groups) => {
                    let message = format!(
                        "this makes {groups} groups; at most {MOST_GROUPS} are answered: narrow the filter, group by less, or take wider divisions"
                    );
                    let limit = NamedLimit { name: "mostGroups", maximum: MOST_GROUPS.into() };
                    Err(errors::over("TOO_MANY_GROUPS", "groupBy", limit, message))
                }
            }
        })
        .await
    }

    /// 年度数据: the figures of a jurisdiction's year, computed from the log as of the end of 31 October; as of now while that is to come, and where the log began after it, but for `CASES_OPEN` and `TYPICAL_CASES`, which are then as of the end of that 31 October by what is known now; under `asOf` as of its moment: `time` says which. The year goes from 1 November to 31 October, from one summary's due day to the next: November and December are of the next year. What is recorded after its year's 31 October is in the figures of a later moment, and in an amended summary, which is compared with what the log gave when it was amended. Each names the events that it rests on, and stands beside what was submitted.
    async fn annual_figures(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "行政区划: 2, 4 or 6 digits, or `CN`.")] division_code: String,
        #[graphql(desc = "年度: which year: that of its 31 October.")] year: i32,
        #[graphql(desc = "Waits until this position is seen.")] min_position: Option<Position>,
    ) -> Option<Result<AnnualFigures>> {
        errors::nullable(async {
            reached(ctx, min_position).await?;
            let jurisdiction = Division::parse(&division_code)
                .map_err(|error| errors::refused(&Refusal::of_value("divisionCode", error)))?;
            let Some(year) = i16::try_from(year).ok().filter(|year| YEARS.contains(year)) else {
                let message = format!("{year} is not a year from {} to {}", YEARS.start(), YEARS.end());
                return Err(errors::argument("YEAR_INVALID", "year", message));
            };
            let (at, time) = (self.0.moment, self.0.time);
            AnnualFigures::load(ctx, YearQuestion { jurisdiction, year, at, time, standing_at: None }).await.map(Some)
        })
        .await
    }
}

/// The level below a jurisdiction: what somebody who answers for it compares.
fn below(jurisdiction: &Division) -> Level {
    match jurisdiction.level() {
        crate::domain::value::Level::Nation => Level::Province,
        crate::domain::value::Level::Province => Level::City,
        crate::domain::value::Level::City | crate::domain::value::Level::County => Level::County,
    }
}
