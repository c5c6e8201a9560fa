//! 目录: what may be charged, and which edition of a regulation is in force.

use async_graphql::{ID, Object, SimpleObject};
use serde::Serialize;

use crate::domain::catalogue::Catalogue;
use crate::domain::catalogue::state::{CatalogueFile, Edition, Item};
use crate::domain::value::Label;
use crate::graphql::ids::content_id;
use crate::graphql::scalars::{Date, DateTime, Decimal};
use crate::graphql::types::common::{DivisionNode, PeriodNode, Regulation};
use crate::graphql::types::register::register_node;

register_node!(CatalogueNode of Catalogue as CatalogueId);

impl CatalogueNode {
    fn file(&self) -> &CatalogueFile {
        self.0.entry.state.file.as_ref().expect("a catalogue's first event opens its file")
    }
}

/// 目录: the lists of a province or of the nation.
#[Object(name = "Catalogue")]
impl CatalogueNode {
    /// The global id.
    pub(crate) async fn id(&self) -> ID {
        self.global_id()
    }

    /// 行政区划: whose it is.
    async fn division(&self) -> DivisionNode {
        DivisionNode(self.file().division.clone())
    }

    /// 收费项目: what may or might be charged, in the order of listing.
    async fn items(
        &self,
        #[graphql(desc = "Only what may be charged on this day.")] in_force_on: Option<Date>,
    ) -> Vec<ChargeableItem> {
        let items = self.0.entry.state.items().iter();
        let in_force = |item: &&Item| in_force_on.is_none_or(|day| item.period.contains(day.0));
        items.filter(in_force).map(Into::into).collect()
    }

    /// 收费项目: the item that may be charged under this code on that day.
    async fn item(
        &self,
        #[graphql(desc = "项目代码: what fees name it by.")] code: String,
        #[graphql(desc = "服务日期: the day of the service.")] on: Date,
    ) -> Option<ChargeableItem> {
        let code = Label::parse(&code).ok()?;
        self.0.entry.state.item_on(&code, on.0).map(Into::into)
    }

    /// 规程版本: editions of regulations, in the order of registration.
    async fn regulation_editions(
        &self,
        #[graphql(desc = "Only what is in force on this day.")] in_force_on: Option<Date>,
    ) -> Vec<RegulationEdition> {
        let editions = self.0.entry.state.editions().iter();
        let in_force = |edition: &&Edition| in_force_on.is_none_or(|day| edition.period.contains(day.0));
        editions.filter(in_force).map(Into::into).collect()
    }

    /// 规程版本: the edition of a regulation in force on that day.
    async fn regulation_edition(
        &self,
        #[graphql(desc = "代号: the regulation without the year, such as `JJG 196`.")] code: String,
        #[graphql(desc = "The day.")] on: Date,
    ) -> Option<RegulationEdition> {
        self.0.entry.state.edition_on(&code, on.0).map(Into::into)
    }

    /// 版本: how many events it has.
    async fn version(&self) -> u64 {
        self.0.entry.version
    }

    /// 更新时间: when the log took its last event.
    async fn updated_at(&self) -> DateTime {
        self.0.entry.updated_at.into()
    }
}

content_id!(ChargeableItem, RegulationEdition);

/// 国家列名收费项目: a fee that a list allows.
#[derive(Serialize, SimpleObject)]
#[graphql(complex)]
pub(crate) struct ChargeableItem {
    /// 项目代码: what fees name it by.
    code: String,
    /// 项目名称: what the service is.
    name: String,
    /// 计费单位: what is charged for.
    unit: String,
    /// 收费标准: the most that may be charged for one unit, in CNY.
    tariff: Decimal,
    /// 文件依据: the document that lists it.
    basis: String,
    /// 期间: when it is in force.
    period: PeriodNode,
    /// 取消原因: why it was taken off, if it was.
    delisted_because: Option<String>,
}

impl From<&Item> for ChargeableItem {
    fn from(item: &Item) -> Self {
        Self {
            code: item.code.to_string(),
            name: item.name.to_string(),
            unit: item.unit.to_string(),
            tariff: Decimal::of(&item.tariff),
            basis: item.basis.to_string(),
            period: (&item.period).into(),
            delisted_because: item.delisted.as_ref().map(ToString::to_string),
        }
    }
}

/// 规程版本: an edition of a regulation.
#[derive(Serialize, SimpleObject)]
#[graphql(complex)]
pub(crate) struct RegulationEdition {
    /// 编号: its number, with the year of the edition.
    reference: Regulation,
    /// 名称: its title.
    title: String,
    /// 期间: when it is in force.
    period: PeriodNode,
    /// 代替: the edition whose place it took.
    replaces: Option<Regulation>,
}

impl From<&Edition> for RegulationEdition {
    fn from(edition: &Edition) -> Self {
        Self {
            reference: (&edition.reference).into(),
            title: edition.title.to_string(),
            period: (&edition.period).into(),
            replaces: edition.replaces.as_ref().map(Into::into),
        }
    }
}
