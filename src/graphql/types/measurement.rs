//! Measurement: what is required, what was measured, and the gap between the two.

use async_graphql::{ID, Object, SimpleObject};
use serde::{Serialize, Serializer};

use crate::app::Moment;
use crate::domain::case::state::{File, Measurement};
use crate::domain::value::measurement::{MaximumPermissibleError, acceptance_limit, test_uncertainty_ratio};
use crate::domain::value::ratio::{Ratio, Rounding};
use crate::domain::value::uncertainty::Coverage;
use crate::domain::value::{
    CapabilityGap, ExpandedUncertainty, Interval, MeasurementRequirement, MeasurementResult, Quantity,
    RequiredUncertainty, Target,
};
use crate::graphql::ids::{self, content_id};
use crate::graphql::scalars::{DateTime, Decimal};
use crate::graphql::types::common::ActorNode;
use crate::graphql::types::work::Retraction;

content_id!(QuantityNode, IntervalNode, UncertaintyNode, MpeNode, RequiredNode, CapabilityGapNode);

/// Significant digits of what is computed for reading; comparisons are exact.
const DIGITS: u32 = 6;

/// 量: a number and a unit.
#[derive(Serialize, SimpleObject)]
#[graphql(complex, name = "Quantity")]
pub(crate) struct QuantityNode {
    /// 数值: the number.
    value: Decimal,
    /// 单位: in UCUM notation.
    unit: String,
}

impl QuantityNode {
    /// A limit: rounded down, so that nothing is within it that is not within the exact one.
    fn of_limit(value: &Ratio, unit: &impl ToString) -> Self {
        Self { value: Decimal::of(value.to_significant(DIGITS, Rounding::Down)), unit: unit.to_string() }
    }
}

impl From<&Quantity> for QuantityNode {
    fn from(quantity: &Quantity) -> Self {
        Self { value: Decimal::of(quantity.value()), unit: quantity.unit().to_string() }
    }
}

/// 测量区间: from where to where.
#[derive(Serialize, SimpleObject)]
#[graphql(complex, name = "Interval")]
pub(crate) struct IntervalNode {
    /// 下限: the lower end.
    low: Decimal,
    /// 上限: the upper end.
    high: Decimal,
    /// 单位: in UCUM notation.
    unit: String,
}

impl From<&Interval> for IntervalNode {
    fn from(interval: &Interval) -> Self {
        Self { low: Decimal::of(interval.low()), high: Decimal::of(interval.high()), unit: interval.unit().to_string() }
    }
}

/// 扩展不确定度 U = k·u (VIM 2.35).
#[derive(Serialize, SimpleObject)]
#[graphql(complex, name = "ExpandedUncertainty")]
pub(crate) struct UncertaintyNode {
    /// U.
    value: Decimal,
    /// 单位: in UCUM notation.
    unit: String,
    /// 包含因子 k (VIM 2.38).
    coverage_factor: Decimal,
    /// 包含概率 p (VIM 2.37).
    coverage_probability: Decimal,
    /// 标准不确定度 u = U/k (VIM 2.30), in the same unit.
    standard_uncertainty: Decimal,
}

impl From<&ExpandedUncertainty> for UncertaintyNode {
    fn from(uncertainty: &ExpandedUncertainty) -> Self {
        Self {
            value: Decimal::of(uncertainty.value()),
            unit: uncertainty.unit().to_string(),
            coverage_factor: Decimal::of(uncertainty.coverage_factor()),
            coverage_probability: Decimal::of(uncertainty.coverage_probability()),
            standard_uncertainty: Decimal::of(uncertainty.standard().to_decimal(DIGITS)),
        }
    }
}

/// 最大允许误差 (VIM 4.26), with the rule by which U enters pass or fail.
#[derive(Serialize, SimpleObject)]
#[graphql(complex, name = "MaximumPermissibleError")]
pub(crate) struct MpeNode {
    /// The magnitude of the symmetric limits.
    value: Decimal,
    /// 单位: in UCUM notation.
    unit: String,
    /// 判定规则: how many times the required uncertainty goes into the limit.
    ratio: Decimal,
    /// 保护带: the share of U that is kept off the limit (JCGM 106:2012, 8.3.2).
    guard_band: Decimal,
}

impl From<&MaximumPermissibleError> for MpeNode {
    fn from(mpe: &MaximumPermissibleError) -> Self {
        Self {
            value: Decimal::of(mpe.value()),
            unit: mpe.unit().to_string(),
            ratio: Decimal::of(mpe.rule().ratio()),
            guard_band: Decimal::of(mpe.rule().guard_band()),
        }
    }
}

/// 要求的不确定度: what a requirement comes down to. That of an error limit is one of 95 percent coverage with k = 2 (ANSI/NCSL Z540.3-2006).
#[derive(Serialize, SimpleObject)]
#[graphql(complex, name = "RequiredUncertainty")]
pub(crate) struct RequiredNode {
    /// U, to six significant digits, rounded down.
    value: Decimal,
    /// 单位: in UCUM notation.
    unit: String,
    /// 包含因子 k.
    coverage_factor: Decimal,
}

impl From<RequiredUncertainty> for RequiredNode {
    fn from(required: RequiredUncertainty) -> Self {
        Self {
            value: Decimal::of(required.value().to_significant(DIGITS, Rounding::Down)),
            unit: required.unit().to_string(),
            coverage_factor: Decimal::of(required.coverage().factor()),
        }
    }
}

pub(crate) struct RequirementNode(pub MeasurementRequirement);

/// 测量要求: what measurement would solve a case.
#[Object(name = "MeasurementRequirement")]
impl RequirementNode {
    /// 标识: made of what it says: equal ones have the same, and one that changes has another.
    async fn id(&self) -> ID {
        ids::of_content("MeasurementRequirement", &self.0)
    }

    /// 被测量: the quantity intended to be measured.
    async fn measurand(&self) -> String {
        self.0.measurand().to_string()
    }

    /// 测量区间: from where to where.
    async fn interval(&self) -> Option<IntervalNode> {
        self.0.interval().map(Into::into)
    }

    /// 扩展不确定度: the uncertainty that would do, where one was stated.
    async fn uncertainty(&self) -> Option<UncertaintyNode> {
        match self.0.target() {
            Target::Uncertainty(uncertainty) => Some(uncertainty.into()),
            Target::Mpe(_) => None,
        }
    }

    /// 最大允许误差: the error limit to decide about, where one was stated.
    async fn maximum_permissible_error(&self) -> Option<MpeNode> {
        match self.0.target() {
            Target::Mpe(mpe) => Some(mpe.into()),
            Target::Uncertainty(_) => None,
        }
    }

    /// 要求的不确定度: the stated one, or the error limit divided by the decision rule's ratio.
    async fn required_uncertainty(&self) -> RequiredNode {
        self.0.required_uncertainty().into()
    }

    /// 备注: conditions, environment, anything else.
    async fn note(&self) -> Option<String> {
        self.0.note().map(ToString::to_string)
    }
}

pub(crate) struct ResultNode(pub MeasurementResult);

/// 测量结果: value, uncertainty, method, traceability.
#[Object(name = "MeasurementResult")]
impl ResultNode {
    /// 标识: made of what it says: equal ones have the same, and one that changes has another.
    async fn id(&self) -> ID {
        ids::of_content("MeasurementResult", &self.0)
    }

    /// 被测量: the quantity measured, as it was said; absent where it is the one that was required then.
    async fn measurand(&self) -> Option<String> {
        self.0.measurand().map(ToString::to_string)
    }

    /// 量值: the measured value.
    async fn value(&self) -> QuantityNode {
        self.0.value().into()
    }

    /// 扩展不确定度: the value's uncertainty.
    async fn uncertainty(&self) -> Option<UncertaintyNode> {
        self.0.uncertainty().map(Into::into)
    }

    /// 测量方法: how it was measured.
    async fn method(&self) -> Option<String> {
        self.0.method().map(ToString::to_string)
    }

    /// 计量溯源性: the chain to national or international standards.
    async fn traceability(&self) -> Option<String> {
        self.0.traceability().map(ToString::to_string)
    }
}

/// 测量记录: a measurement on a case.
#[derive(SimpleObject)]
#[graphql(name = "Measurement")]
pub(crate) struct MeasurementNode {
    /// The global id.
    id: ID,
    /// Who measured.
    by: ActorNode,
    /// When.
    at: DateTime,
    /// 测量结果: what was measured.
    result: ResultNode,
    /// 作废: when, by whom and why it was retracted, if it was: it counts for no gap.
    retraction: Option<Retraction>,
}

impl From<(&Measurement, Moment)> for MeasurementNode {
    fn from((measurement, at): (&Measurement, Moment)) -> Self {
        Self {
            id: ids::global(measurement.id),
            by: ActorNode { id: measurement.by.clone(), at },
            at: measurement.at.into(),
            result: ResultNode(measurement.result.clone()),
            retraction: measurement.retraction.as_ref().map(|retraction| (retraction, at).into()),
        }
    }
}

/// Within a value, a measurement is its id.
impl Serialize for MeasurementNode {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.id.serialize(serializer)
    }
}

/// 能力差距: the best uncertainty found so far against the one required. Above 1 the bottleneck stands, at or below 1 it is broken.
///
/// A result counts when it is not retracted, is of the required measurand, however that is typed, and its value is within the required interval, or beyond an end by no more than a hundredth of the interval's width; its own U has no part in this. One that names no measurand is of the one that was required when it was recorded, and where nothing was, of the first one that was required after. Coverage probabilities are the same where the coverage factors of the normal distribution at them differ by at most 2.5 %, such as 0.95 and 0.9545 with 1.960 and 2.000 (JCGM 100:2008, G.6.6), and not 0.975 and 0.985, nor 0.9973 and 0.9999: U is compared as stated, whatever its k, which honours few degrees of freedom (6.3 and annex G). Otherwise `u = U/k` is brought to the k of the requirement, but to no less than U where the required p is greater and to no more where it is less. That holds of a normal distribution alone: a new result with another k is refused where its p is another (`COVERAGE_INCOMPARABLE`); one from before the requirement is compared as stated where the required p is less, and where it is greater it closes no gap: it counts if its U is above what is required as stated. An error limit is held against U95, with k = 2 (ANSI/NCSL Z540.3-2006). Whether what is required is relative (VIM 2.32) its own unit and that of its interval say, as those of U and the value do in a result (`ExpandedUncertaintyInput.unit`); without an interval a bare number below 1, such as `%`, is relative, and any other number or quotient is unless ratios are measured. The units that a result is written in have no part in it: where what is required is relative U is divided by the magnitude of the value, which then has to be other than 0 and on a scale whose zero is not arbitrary, unlike that of °C, °F or dB, and where it is not a relative U is multiplied by it (JCGM 100:2008, 5.1.6).
#[derive(Serialize, SimpleObject)]
#[graphql(complex, name = "CapabilityGap")]
pub(crate) struct CapabilityGapNode {
    /// U of the best measurement ÷ U required, at one coverage and in one unit, to six decimals, rounded up (JCGM 100:2008, 7.2.6), as filters and `gapHistory` have it: above 1 exactly when the bottleneck stands.
    ratio: Decimal,
    /// Whether the bottleneck is broken, by exact comparison.
    closed: bool,
    /// 最佳测量: the measurement with the least gap; the earliest of equals.
    best: MeasurementNode,
    /// 要求的不确定度: what it is held against.
    required: RequiredNode,
    /// 测试不确定度比 TUR: tolerance span ÷ 2·U95 (ANSI/NCSL Z540.3-2006), where an error limit is required; to six significant digits, rounded down. At least the ratio of the decision rule exactly when the bottleneck is broken.
    test_uncertainty_ratio: Option<Decimal>,
    /// 接受限: the error limit less the guard band r·U95 (JCGM 106:2012, 8.3.2), where an error limit is required; to six significant digits, rounded down.
    acceptance_limit: Option<QuantityNode>,
}

impl CapabilityGapNode {
    /// The gap of that case, where something is required and something comparable measured.
    pub(crate) fn of(file: &File, at: Moment) -> Option<Self> {
        let requirement = file.requirement()?;
        let best = file.best_uncertainty()?;
        let result = best.result.evaluated()?;
        let gap: CapabilityGap = file.capability_gap()?;
        let mpe = match requirement.target() {
            Target::Mpe(mpe) => Some(mpe),
            Target::Uncertainty(_) => None,
        };
        let limited = mpe.and_then(|mpe| Some((mpe, requirement.reached(result, &Coverage::usual()).ok()?)));
        let ratio = limited.as_ref().map(|(mpe, reached)| test_uncertainty_ratio(mpe, reached));
        let limit = limited
            .map(|(mpe, reached)| QuantityNode::of_limit(&acceptance_limit(mpe, &reached, mpe.rule()), mpe.unit()));
        Some(Self {
            ratio: Decimal::of(file.gap_in_six_decimals()?),
            closed: gap.is_closed(),
            best: (best, at).into(),
            required: requirement.required_uncertainty().into(),
            test_uncertainty_ratio: ratio.map(|ratio| Decimal::of(ratio.to_significant(DIGITS, Rounding::Down))),
            acceptance_limit: limit,
        })
    }
}
