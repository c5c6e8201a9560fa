//! Catalogues: what may be charged, and which edition of a regulation is in force.

use crate::domain::catalogue::Catalogue;
use crate::domain::catalogue::command::{DelistChargeableItem, ListChargeableItem, RegisterRegulationEdition};
use crate::domain::value::{CatalogueId, Division, Period};
use crate::graphql::door::day;
use crate::graphql::mutation::declare::{input, mutations};
use crate::graphql::orders::Ordered;
use crate::graphql::scalars::{Date, Decimal};
use crate::graphql::types::catalogue::CatalogueNode;
use crate::graphql::types::conflict::RegisterConflict;

mutations! {
    /// 目录: the lists of a province or of the nation.
    CatalogueMutation answers catalogue: CatalogueNode, RegisterConflict {
        /// 列入收费项目: puts an item on the list of what may be charged. By a manager of the province or the nation.
        list_chargeable_item(ListChargeableItemInput) -> ListChargeableItemPayload;
        /// 取消收费项目: ends the listing of an item. By a manager of the province or the nation.
        delist_chargeable_item(DelistChargeableItemInput) -> DelistChargeableItemPayload;
        /// 登记规程版本: puts an edition of a regulation on record. By a manager of the province or the nation.
        register_regulation_edition(RegisterRegulationEditionInput) -> RegisterRegulationEditionPayload;
    }
}

input! {
    /// 列入收费项目: what, for how much, and what allows it.
    ListChargeableItemInput updates Catalogue by ListChargeableItem, about "divisionCode" {
        /// 行政区划: whose list: a province's two digits, or `CN`.
        division_code: String,
        /// 项目代码: what fees name it by.
        code: String,
        /// 项目名称: what the service is.
        name: String,
        /// 计费单位: what is charged for, such as `台件`, `次`, `小时`.
        unit: String,
        /// 收费标准: the most that may be charged for one unit, in CNY.
        tariff: Decimal,
        /// 文件依据: the document that lists it.
        basis: String,
        /// 生效日期: the first day in force.
        in_force_from: Date,
        /// 失效日期: the last day in force, if that is known.
        in_force_until: Option<Date>,
    }
    |input, door| {
        let division = door.text::<Division>("divisionCode", &input.division_code);
        let code = door.text("code", &input.code);
        let name = door.text("name", &input.name);
        let unit = door.text("unit", &input.unit);
        let tariff = door.text("tariff", &input.tariff.0);
        let basis = door.text("basis", &input.basis);
        let period = door.value("inForceUntil", Period::new(input.in_force_from.0, day(input.in_force_until)));
        let division = division?;
        Some(Ordered::new(CatalogueId::of(&division), ListChargeableItem {
            division,
            code: code?,
            name: name?,
            unit: unit?,
            tariff: tariff?,
            basis: basis?,
            period: period?,
        }))
    }
}

input! {
    /// 取消收费项目: which, until when, and why.
    DelistChargeableItemInput updates Catalogue by DelistChargeableItem, about "divisionCode" {
        /// 行政区划: whose list.
        division_code: String,
        /// 项目代码: what fees name it by.
        code: String,
        /// 最后日期: the last day on which it may be charged.
        last_day: Date,
        /// 原因: why. Required by the domain.
        reason: Option<String>,
    }
    |input, door| {
        let division = door.text::<Division>("divisionCode", &input.division_code);
        let code = door.text("code", &input.code);
        let reason = door.optional("reason", input.reason.as_deref());
        let division = division?;
        Some(Ordered::new(CatalogueId::of(&division), DelistChargeableItem {
            division,
            code: code?,
            last_day: input.last_day.0,
            reason: reason?,
        }))
    }
}

input! {
    /// 登记规程版本: which, and when it is in force.
    RegisterRegulationEditionInput updates Catalogue by RegisterRegulationEdition, about "divisionCode" {
        /// 行政区划: whose catalogue: a province's two digits, or `CN`.
        division_code: String,
        /// 规程编号: its number with the year of the edition, such as `JJG 196-2006`.
        reference: String,
        /// 名称: its title.
        title: String,
        /// 生效日期: the first day in force.
        in_force_from: Date,
        /// 失效日期: the last day in force, if that is known.
        in_force_until: Option<Date>,
        /// 代替: the edition whose place it takes, which ends the day before.
        replaces: Option<String>,
    }
    |input, door| {
        let division = door.text::<Division>("divisionCode", &input.division_code);
        let reference = door.text("reference", &input.reference);
        let title = door.text("title", &input.title);
        let period = door.value("inForceUntil", Period::new(input.in_force_from.0, day(input.in_force_until)));
        let replaces = door.optional("replaces", input.replaces.as_deref());
        let division = division?;
        Some(Ordered::new(CatalogueId::of(&division), RegisterRegulationEdition {
            division,
            reference: reference?,
            title: title?,
            period: period?,
            replaces: replaces?,
        }))
    }
}
