//! Structs of settings as somebody has given them.

/// Declares a struct whose fields are settings, each of which may not be given, and their names, so that no setting is
/// without one. What stands in `besides` is no setting.
macro_rules! given {
    (
        $(#[$attribute:meta])*
        $visibility:vis struct $given:ident, prefixed $prefix:literal { $($setting:ident: $value:ty,)+ }
        $(besides { $($(#[$field_attribute:meta])* $field:ident: $type:ty,)+ })?
    ) => {
        $(#[$attribute])*
        $visibility struct $given {
            $($setting: Option<$value>,)+
            $($($(#[$field_attribute])* $field: $type,)+)?
        }

        impl $given {
            /// What the environment calls the settings, without the prefix of all variables.
            $visibility const NAMES: &'static [&'static str] = &[$(concat!($prefix, stringify!($setting)),)+];
        }
    };
}
pub(super) use given;
