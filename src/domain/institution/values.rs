//! The small words of an institution.

use crate::domain::vocabulary::vocabulary;

vocabulary! {
    /// What sort of body it is.
    InstitutionKind {
        /// 计量技术机构: a metrology institute.
        MetrologyInstitute = "METROLOGY_INSTITUTE",
        /// 高等院校.
        University = "UNIVERSITY",
        /// 计量器具制造企业.
        Manufacturer = "MANUFACTURER",
        /// 其他.
        Other = "OTHER",
    }
}
