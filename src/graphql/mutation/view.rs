//! Saved views: questions that somebody keeps.

use async_graphql::ID;

use crate::domain::refusal::{Code, Refusal};
use crate::domain::value::{Division, Label, ViewId};
use crate::domain::view::View;
use crate::domain::view::command::{DeleteView, SaveView, ShareView, UpdateView};
use crate::domain::view::values::{FilterWords, OrderKey, Question};
use crate::graphql::door::Door;
use crate::graphql::errors;
use crate::graphql::filter::CaseFilter;
use crate::graphql::filter::order::{CaseOrder, Order};
use crate::graphql::mutation::declare::{input, mutations};
use crate::graphql::orders::Ordered;
use crate::graphql::types::conflict::RegisterConflict;
use crate::graphql::types::view::{CaseGrouping, ViewNode};

mutations! {
    /// 视图: questions that are kept, to be asked again by name.
    ViewMutation answers view: ViewNode, RegisterConflict {
        /// 保存视图: keeps a question about cases under a name. It is yours alone until it is shared. By everybody.
        save_view(SaveViewInput) -> SaveViewPayload;
        /// 修改视图: changes what the view is called or asks; what is left out stays. By its owner.
        update_view(UpdateViewInput) -> UpdateViewPayload;
        /// 共享视图: shows the view to everybody of a jurisdiction, or to nobody else any more. By a manager: of an own view, within the own jurisdiction; taken back by a manager of where it is shared as well.
        share_view(ShareViewInput) -> ShareViewPayload;
        /// 删除视图: throws the view away. By its owner.
        delete_view(DeleteViewInput) -> DeleteViewPayload;
    }
}

/// The words of a filter that can be carried out.
fn filter(door: &mut Door, filter: &CaseFilter) -> Option<FilterWords> {
    // What is relative is counted when it is asked: here only whether it can be.
    if let Err(error) = filter.condition(jiff::Timestamp::UNIX_EPOCH) {
        let (code, path) = errors::told(&error);
        door.refused(Refusal::new(code.unwrap_or(Code::FilterInvalid), path, error.message));
        return None;
    }
    door.value("filter", FilterWords::new(filter.kept()))
}

/// The words of an order that can be carried out.
fn order(door: &mut Door, keys: &[CaseOrder]) -> Option<Vec<OrderKey>> {
    if let Err(error) = Order::read(Some(keys.to_vec())) {
        door.refused(Refusal::new(Code::OrderInvalid, "orderBy", error.message));
        return None;
    }
    keys.iter().map(|key| key.words(door)).collect()
}

/// The words of a grouping, each once.
fn grouping(door: &mut Door, keys: &[CaseGrouping]) -> Option<Vec<Label>> {
    let mut names: Vec<Label> = Vec::new();
    for key in keys {
        let name = door.text("groupBy", &async_graphql::resolver_utils::enum_value(*key).to_string())?;
        if !names.contains(&name) {
            names.push(name);
        }
    }
    Some(names)
}

input! {
    /// 保存视图: the question, and what it is called.
    SaveViewInput creates View by SaveView, about "viewId" {
        /// 名称: what it is called: at most 200 characters.
        name: String,
        /// 筛选: which cases. Relative dates count from the moment that the view is asked at.
        filter: Option<CaseFilter>,
        /// 排序: at most four keys; the latest reported first when left out.
        order_by: Option<Vec<CaseOrder>>,
        /// 分组: by what a client shows the cases together.
        group_by: Option<Vec<CaseGrouping>>,
    }
    |input, door| {
        let name = door.text("name", &input.name);
        let filter = match &input.filter {
            Some(said) => filter(door, said),
            None => Some(FilterWords::default()),
        };
        let order = order(door, input.order_by.as_deref().unwrap_or_default());
        let group_by = grouping(door, input.group_by.as_deref().unwrap_or_default());
        let question = Question { filter: filter?, order: order?, group_by: group_by? };
        Some(Ordered::of_new(door, SaveView { name: name?, question }))
    }
}

input! {
    /// 修改视图: what changes.
    UpdateViewInput updates View by UpdateView, about "viewId" {
        /// 视图: the view.
        view_id: ID,
        /// 名称: what it is called.
        name: Option<String>,
        /// 筛选: which cases: the whole filter, not what is added.
        filter: Option<CaseFilter>,
        /// 排序: the whole order; an empty one is the latest reported first.
        order_by: Option<Vec<CaseOrder>>,
        /// 分组: the whole grouping.
        group_by: Option<Vec<CaseGrouping>>,
    }
    |input, door| {
        let id = door.id::<ViewId>("viewId", &input.view_id);
        let name = door.optional("name", input.name.as_deref());
        let filter = match &input.filter {
            Some(said) => filter(door, said).map(Some),
            None => Some(None),
        };
        let order = match &input.order_by {
            Some(keys) => order(door, keys).map(Some),
            None => Some(None),
        };
        let group_by = match &input.group_by {
            Some(keys) => grouping(door, keys).map(Some),
            None => Some(None),
        };
        Some(Ordered::new(id?, UpdateView { name: name?, filter: filter?, order: order?, group_by: group_by? }))
    }
}

input! {
    /// 共享视图: with whom.
    ShareViewInput updates View by ShareView, about "viewId" {
        /// 视图: the view.
        view_id: ID,
        /// 行政区划: everybody of it and below it sees the view: a code of GB/T 2260 of 2, 4 or 6 digits, or `CN`. Left out, it is its owner's alone again.
        division_code: Option<String>,
    }
    |input, door| {
        let id = door.id::<ViewId>("viewId", &input.view_id);
        let with = door.optional::<Division>("divisionCode", input.division_code.as_deref());
        Some(Ordered::new(id?, ShareView { with: with? }))
    }
}

input! {
    /// 删除视图.
    DeleteViewInput updates View by DeleteView, about "viewId" {
        /// 视图: the view.
        view_id: ID,
    }
    |input, door| {
        let id = door.id::<ViewId>("viewId", &input.view_id);
        Some(Ordered::new(id?, DeleteView {}))
    }
}
