//! 变化: a field of a case that differs, typed by the kind of its value.

use async_graphql::{Context, ID, Interface, Object, Result};
use jiff::Timestamp;
use jiff::civil;
use serde::Serialize;

use crate::app::Foreseen;
use crate::domain::actor::ActorId;
use crate::domain::case::Case;
use crate::domain::case::event::CaseFact;
use crate::domain::case::history::{self, Changed, Difference, FieldDifference, Listed, Named};
use crate::domain::case::state;
use crate::domain::case::values::{self, Origin};
use crate::domain::value::{self, CaseId, MeasurementRequirement, PersonId};
use crate::graphql::query::Viewpoint;
use crate::graphql::scalars::{Date, DateTime, Decimal};
use crate::graphql::types::attachment::Attachment;
use crate::graphql::types::case::CaseNode;
use crate::graphql::types::case_parts::{
    Comment, Expert, Fee, IntroducedTechnique, LinkNode, PublicationNode, Training,
};
use crate::graphql::types::common::{self, ActorNode, CategoryNode, DivisionNode};
use crate::graphql::types::event::declare::Head;
use crate::graphql::types::event::{CaseEvent, Node};
use crate::graphql::types::history::field::CaseField;
use crate::graphql::types::measurement::{MeasurementNode, RequirementNode};
use crate::graphql::types::register::Way;
use crate::graphql::types::work::{Finding, ResolutionNode, RoutineServiceNode, SolutionNode, TrialNode};
use crate::graphql::words::{CaseKind, CaseStatus, Level, OriginKind, Severity};
use crate::graphql::{errors, ids};

/// An event that made a difference.
#[derive(Clone)]
pub(crate) struct Maker {
    /// Its circumstances.
    pub(crate) head: Head,
    /// What happened.
    pub(crate) fact: CaseFact,
}

impl Maker {
    /// It, as the schema shows events.
    pub(crate) fn event(&self) -> CaseEvent {
        CaseEvent::new(self.head.clone(), self.fact.clone())
    }
}

/// What a command would change of a case.
pub(crate) fn foreseen(foreseen: &Foreseen<Case>) -> Vec<FieldChange> {
    let (stream, case) = (foreseen.stream, foreseen.stream.aggregate_id.into());
    let makers: Vec<_> = foreseen
        .events
        .iter()
        .map(|event| Maker { head: Head::foreseen(stream, event), fact: event.event.fact.clone() })
        .collect();
    let events: Vec<_> = foreseen.events.iter().map(|event| event.event.clone()).collect();
    let made = history::made_by(&foreseen.before.state, &events).into_iter();
    made.map(|made| {
        let makers = made.made_by.iter().map(|place| makers[*place].clone()).collect();
        FieldChange::new(case, made.difference, makers, Viewpoint::default())
    })
    .collect()
}

/// What every change has, and the change.
pub(crate) struct Change<D> {
    case: CaseId,
    field: history::CaseField,
    makers: Vec<Maker>,
    /// From where what it names is looked at.
    from: Viewpoint,
    difference: D,
}

impl<D: Serialize> Change<D> {
    fn id(&self, kind: &str) -> ID {
        ids::of_content(kind, &(self.case, self.field, &self.difference))
    }

    fn events(&self) -> Vec<CaseEvent> {
        self.makers.iter().map(Maker::event).collect()
    }
}

/// Declares the interface of all changes, and one object for each kind of value.
macro_rules! changes {
    (
        values { $($(#[$doc:meta])* $kind:ident as $object:ident of $value:ty => $shown:ty, |$it:ident, $change:ident| $show:expr;)+ }
        references { $(#[$reference_doc:meta])* $reference:ident as $reference_object:ident }
        lists { $($(#[$list_doc:meta])* $list:ident as $list_object:ident of $thing:ty => $thing_shown:ty, |$one:ident, $list_change:ident| $show_one:expr;)+ }
    ) => {
        /// 变化: a field of a case that differs, and the events that made it so.
        #[derive(Interface)]
        #[expect(clippy::large_enum_variant, reason = "a case has few changes, and each is made once")]
        #[expect(clippy::enum_variant_names, reason = "the variants are named as the schema's types")]
        #[graphql(
            field(name = "id", ty = "ID", desc = "标识: made of what it says."),
            field(name = "field", ty = "CaseField", desc = "字段: which field differs."),
            field(name = "events", ty = "Vec<CaseEvent>", desc = "事件: what made it so, in the order of the log.")
        )]
        pub(crate) enum FieldChange {
            $(#[doc = concat!("A change of the kind `", stringify!($kind), "`.")] $object($object),)+
            #[doc = concat!("A change of the kind `", stringify!($reference), "`.")] $reference_object($reference_object),
            $(#[doc = concat!("A change of the kind `", stringify!($list), "`.")] $list_object($list_object),)+
        }

        impl FieldChange {
            /// The change of that case's field.
            pub(crate) fn new(case: CaseId, difference: FieldDifference, makers: Vec<Maker>, from: Viewpoint) -> Self {
                let field = difference.field;
                match difference.difference {
                    $(Difference::$kind(difference) => {
                        Self::$object($object(Change { case, field, makers, from, difference }))
                    })+
                    Difference::$reference(difference) => {
                        Self::$reference_object($reference_object(Change { case, field, makers, from, difference }))
                    }
                    $(Difference::$list(difference) => {
                        Self::$list_object($list_object(Change { case, field, makers, from, difference }))
                    })+
                }
            }
        }

        $(
            pub(crate) struct $object(Change<Changed<$value>>);

            $(#[$doc])*
            #[Object]
            impl $object {
                /// 标识: made of what it says.
                pub(crate) async fn id(&self) -> ID {
                    self.0.id(stringify!($object))
                }

                /// 字段: which field differs.
                pub(crate) async fn field(&self) -> CaseField {
                    self.0.field.into()
                }

                /// 事件: what made it so, in the order of the log.
                pub(crate) async fn events(&self) -> Vec<CaseEvent> {
                    self.0.events()
                }

                /// 原值: what it was; absent where there was nothing.
                async fn before(&self) -> Option<$shown> {
                    let $change = &self.0;
                    $change.difference.before.as_ref().map(|$it| $show)
                }

                /// 现值: what it is; absent where there is nothing.
                async fn after(&self) -> Option<$shown> {
                    let $change = &self.0;
                    $change.difference.after.as_ref().map(|$it| $show)
                }
            }
        )+

        pub(crate) struct $reference_object(Change<Changed<Named>>);

        $(#[$reference_doc])*
        #[Object]
        impl $reference_object {
            /// 标识: made of what it says.
            pub(crate) async fn id(&self) -> ID {
                self.0.id(stringify!($reference_object))
            }

            /// 字段: which field differs.
            pub(crate) async fn field(&self) -> CaseField {
                self.0.field.into()
            }

            /// 事件: what made it so, in the order of the log.
            pub(crate) async fn events(&self) -> Vec<CaseEvent> {
                self.0.events()
            }

            /// The global id of what it named; absent where it named nothing.
            async fn before_id(&self) -> Option<ID> {
                self.0.difference.before.map(id_of)
            }

            /// The global id of what it names; absent where it names nothing.
            async fn after_id(&self) -> Option<ID> {
                self.0.difference.after.map(id_of)
            }

            /// 原值: what it named, if you may see it.
            async fn before(&self, ctx: &Context<'_>) -> Option<Result<Node>> {
                errors::nullable(load(ctx, self.0.case, self.0.difference.before, self.0.from)).await
            }

            /// 现值: what it names, if you may see it.
            async fn after(&self, ctx: &Context<'_>) -> Option<Result<Node>> {
                errors::nullable(load(ctx, self.0.case, self.0.difference.after, self.0.from)).await
            }
        }

        $(
            pub(crate) struct $list_object(Change<Listed<$thing>>);

            $(#[$list_doc])*
            #[Object]
            impl $list_object {
                /// 标识: made of what it says.
                pub(crate) async fn id(&self) -> ID {
                    self.0.id(stringify!($list_object))
                }

                /// 字段: which field differs.
                pub(crate) async fn field(&self) -> CaseField {
                    self.0.field.into()
                }

                /// 事件: what made it so, in the order of the log.
                pub(crate) async fn events(&self) -> Vec<CaseEvent> {
                    self.0.events()
                }

                /// 新增: what is there and was not, or is another than it was.
                async fn added(&self) -> Vec<$thing_shown> {
                    let $list_change = &self.0;
                    $list_change.difference.added.iter().map(|$one| $show_one).collect()
                }

                /// 去除: what was there and is not, or is another now.
                async fn removed(&self) -> Vec<$thing_shown> {
                    let $list_change = &self.0;
                    $list_change.difference.removed.iter().map(|$one| $show_one).collect()
                }
            }
        )+
    };
}

changes! {
    values {
        /// 文本变化: a text that differs.
        Text as TextChange of String => String, |text, change| text.clone();
        /// 状态变化: another place in its life.
        Status as CaseStatusChange of values::Status => CaseStatus, |status, change| (*status).into();
        /// 层级变化: another level of administration answers for it.
        Level as LevelChange of value::Level => Level, |level, change| (*level).into();
        /// 类型变化: another kind of help is needed.
        Kind as CaseKindChange of values::Kind => CaseKind, |kind, change| (*kind).into();
        /// 严重程度变化: it hurts more, or less.
        Severity as SeverityChange of values::Severity => Severity, |severity, change| (*severity).into();
        /// 服务类别变化: another category of the KCDB list.
        Category as ServiceCategoryChange of value::ServiceCategory => CategoryNode, |category, change| CategoryNode(category.clone());
        /// 行政区划变化: another division.
        Division as DivisionChange of value::Division => DivisionNode, |division, change| DivisionNode(division.clone());
        /// 来源变化: how it came to be known.
        Origin as OriginChange of Origin => OriginKind, |origin, change| origin.into();
        /// 操作者变化: another actor.
        Actor as ActorChange of ActorId => ActorNode, |actor, change| ActorNode { id: actor.clone(), at: change.from.moment };
        /// 时间变化: another time.
        Time as TimeChange of Timestamp => DateTime, |time, change| (*time).into();
        /// 日期变化: another day.
        Date as DateChange of civil::Date => Date, |day, change| (*day).into();
        /// 数目变化: another whole number.
        Number as NumberChange of u64 => u64, |number, change| *number;
        /// 数值变化: another decimal number.
        Decimal as DecimalChange of value::Decimal => Decimal, |number, change| Decimal::of(number);
        /// 是否变化: yes became no, or no yes.
        Flag as FlagChange of bool => bool, |flag, change| *flag;
        /// 测量要求变化: another measurement would solve it.
        Requirement as RequirementChange of MeasurementRequirement => RequirementNode, |requirement, change| RequirementNode(requirement.clone());
        /// 常规服务变化: another routine service answered it.
        RoutineService as RoutineServiceChange of state::RoutineService => RoutineServiceNode, |service, change| (service, change.from.moment).into();
        /// 解决方案变化: another solution is on the table, or what reviewers say of it.
        Solution as SolutionChange of state::Solution => SolutionNode, |solution, change| (solution, change.from.moment).into();
        /// 试用变化: another trial, or how it went.
        Trial as TrialChange of state::Trial => TrialNode, |trial, change| (trial, change.from.moment).into();
        /// 解决变化: what was recorded when it was resolved.
        Resolution as ResolutionChange of state::Resolution => ResolutionNode, |resolution, change| (resolution, change.from.moment).into();
        /// 发布变化: the publication as good practice.
        Publication as PublicationChange of state::Publication => PublicationNode, |publication, change| (publication, change.from.moment).into();
    }
    references {
        /// 引用变化: it names something else than it did: an enterprise, an institution, a person, another case.
        Reference as ReferenceChange
    }
    lists {
        /// 专家变化: who was invited, joined, declined, left, was removed or had not answered in time; whoever did is removed as before and added as now.
        Experts as ExpertsChange of (PersonId, state::Membership) => Expert, |expert, change| Expert::new(change.case, *expert, change.from.moment);
        /// 发现变化: what was learnt.
        Findings as FindingsChange of state::Finding => Finding, |finding, change| (finding, change.from.moment).into();
        /// 测量结果变化: what was measured.
        Measurements as MeasurementsChange of state::Measurement => MeasurementNode, |measurement, change| (measurement, change.from.moment).into();
        /// 关联变化: what it is to other cases.
        Links as LinksChange of state::Link => LinkNode, |link, change| LinkNode { link: *link, from: change.from };
        /// 收费变化: fees.
        Fees as FeesChange of state::Fee => Fee, |fee, change| (fee, change.from.moment).into();
        /// 先进技术变化: techniques brought in.
        Techniques as TechniquesChange of state::Technique => IntroducedTechnique, |technique, change| (technique, change.from.moment).into();
        /// 培训变化: trainings given.
        Trainings as TrainingsChange of state::Training => Training, |training, change| (training, change.from.moment).into();
        /// 评论变化: what was said.
        Comments as CommentsChange of state::Comment => Comment, |comment, change| (comment, change.from.moment).into();
        /// 附件变化: documents.
        Attachments as AttachmentsChange of state::Attachment => Attachment, |attachment, change| Attachment::new(change.case, attachment.clone(), change.from.moment);
    }
}

fn id_of(named: Named) -> ID {
    match named {
        Named::Enterprise(id) => ids::global(id),
        Named::Campaign(id) => ids::global(id),
        Named::Institution(id) => ids::global(id),
        Named::Person(id) => ids::global(id),
        Named::Case(id) => ids::global(id),
    }
}

/// What the case named.
async fn load(ctx: &Context<'_>, case: CaseId, named: Option<Named>, from: Viewpoint) -> Result<Option<Node>> {
    let (at, way) = (from.moment, Way::Case(case));
    Ok(match named {
        None => None,
        Some(Named::Enterprise(id)) => common::enterprise(ctx, id, at, way).await?.map(Node::Enterprise),
        Some(Named::Campaign(id)) => common::campaign(ctx, id, at).await?.map(Node::Campaign),
        Some(Named::Institution(id)) => common::institution(ctx, id, at).await?.map(Node::Institution),
        Some(Named::Person(id)) => common::person(ctx, id, at, way).await?.map(Node::Person),
        Some(Named::Case(id)) => CaseNode::named(ctx, id, from).await?.map(Node::Case),
    })
}
