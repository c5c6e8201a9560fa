//! Closed vocabularies: enums whose names are those of the log and of the API.

/// Declares a closed vocabulary: its names are those of the log and of the API.
macro_rules! vocabulary {
    ($(#[$doc:meta])* $enum:ident { $($(#[$word_doc:meta])* $word:ident = $name:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
        pub enum $enum { $($(#[$word_doc])* #[serde(rename = $name)] $word,)+ }

        impl $enum {
            /// Every word, in order.
            pub const ALL: &'static [Self] = &[$(Self::$word,)+];

            /// The name in the log and in the API.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self { $(Self::$word => $name,)+ }
            }

            /// The word of that name.
            #[must_use]
            pub fn named(name: &str) -> Option<Self> {
                match name { $($name => Some(Self::$word),)+ _ => None }
            }
        }

        impl std::fmt::Display for $enum {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.name())
            }
        }
    };
}
pub(crate) use vocabulary;
