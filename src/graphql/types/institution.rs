//! 计量技术机构: institutions.

use async_graphql::{ID, Object};

use crate::domain::institution::Institution;
use crate::domain::institution::state::InstitutionFile;
use crate::graphql::scalars::DateTime;
use crate::graphql::types::common::{CategoryNode, DivisionNode};
use crate::graphql::types::register::{register_connection, register_node};
use crate::graphql::words::InstitutionKind;

register_node!(InstitutionNode of Institution as InstitutionId);

register_connection! {
    /// 机构列表: institutions by pages, in the order of their names.
    InstitutionConnection, InstitutionEdge of InstitutionNode, Institution
}

impl InstitutionNode {
    fn file(&self) -> &InstitutionFile {
        self.0.entry.state.file.as_ref().expect("an institution's first event opens its file")
    }
}

/// 计量技术机构: a body that does the technical work.
#[Object(name = "Institution")]
impl InstitutionNode {
    /// The global id.
    pub(crate) async fn id(&self) -> ID {
        self.global_id()
    }

    /// 名称: its name.
    async fn name(&self) -> String {
        self.file().name.to_string()
    }

    /// 机构类型: what sort of body it is.
    async fn kind(&self) -> InstitutionKind {
        self.file().kind.into()
    }

    /// 行政区划: where it stands.
    async fn division(&self) -> DivisionNode {
        DivisionNode(self.file().division.clone())
    }

    /// 能力: the KCDB categories it serves.
    async fn capabilities(&self) -> Vec<CategoryNode> {
        self.file().capabilities.iter().cloned().map(CategoryNode).collect()
    }

    /// 资质: its accreditation or authorisation.
    async fn accreditation(&self) -> Option<String> {
        self.file().accreditation.as_ref().map(ToString::to_string)
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
