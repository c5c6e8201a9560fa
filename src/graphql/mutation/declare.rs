//! The two macros that declare mutations and, with the same words, their previews. What differs between commands is
//! written where they are used; what is the same for all of them, here.

/// Declares the input of a command and how it is read at the door.
///
/// `updates` adds `expectedVersion`; `creates` does not, because there is nothing yet that could have a version. Both add `idempotencyKey` and `occurredAt`.
macro_rules! input {
    (
        $(#[$doc:meta])*
        $input:ident updates $root:ident by $command:ident, about $about:literal {
            $($(#[$field_doc:meta])* $field:ident: $type:ty,)*
        }
        |$this:ident, $door:ident| $read:block
    ) => {
        $(#[$doc])*
        #[derive(Clone, Debug, async_graphql::InputObject, serde::Serialize)]
        pub(crate) struct $input {
            $($(#[$field_doc])* pub(crate) $field: $type,)*
            /// The version that you saw. When it is no longer the current one, nothing is recorded and `conflict` tells what has happened since. Left out, the command is decided on the current version.
            pub(crate) expected_version: Option<i32>,
            /// When it happened, if that was not now; never in the future.
            pub(crate) occurred_at: Option<crate::graphql::scalars::DateTime>,
            /// What makes this the same command when it is sent again, say after a broken connection: 1 to 128 visible ASCII characters. The same key with the same input gives the first receipt; with another input it is refused.
            pub(crate) idempotency_key: Option<String>,
        }

        $crate::graphql::mutation::declare::input! {
            @read $input $root $command $about (|input: &$input| input.expected_version)
            |$this, $door| $read
        }
    };
    (
        $(#[$doc:meta])*
        $input:ident creates $root:ident by $command:ident, about $about:literal {
            $($(#[$field_doc:meta])* $field:ident: $type:ty,)*
        }
        |$this:ident, $door:ident| $read:block
    ) => {
        $(#[$doc])*
        #[derive(Clone, Debug, async_graphql::InputObject, serde::Serialize)]
        pub(crate) struct $input {
            $($(#[$field_doc])* pub(crate) $field: $type,)*
            /// When it happened, if that was not now; never in the future.
            pub(crate) occurred_at: Option<crate::graphql::scalars::DateTime>,
            /// What makes this the same command when it is sent again, say after a broken connection: 1 to 128 visible ASCII characters. The same key with the same input gives the first receipt; with another input it is refused.
            pub(crate) idempotency_key: Option<String>,
        }

        $crate::graphql::mutation::declare::input! {
            @read $input $root $command $about (|_: &$input| None)
            |$this, $door| $read
        }
    };
    (@read $input:ident $root:ident $command:ident $about:literal ($version:expr) |$this:ident, $door:ident| $read:block) => {
        impl crate::graphql::orders::Input for $input {
            type Root = $root;
            const COMMAND: &'static str = stringify!($command);
            const ABOUT: &'static str = $about;

            fn circumstances(&self) -> crate::graphql::orders::Circumstances<'_> {
                crate::graphql::orders::Circumstances {
                    idempotency_key: self.idempotency_key.as_deref(),
                    expected_version: ($version)(self),
                    occurred_at: self.occurred_at,
                }
            }

            fn read(
                &self,
                $door: &mut crate::graphql::door::Door,
            ) -> Option<crate::graphql::orders::Ordered<$root>> {
                let $this = self;
                $read
            }
        }
    };
}
pub(super) use input;

/// Declares a group of mutations of one aggregate, each with its payload, and the same commands as dry runs. One group a file.
macro_rules! mutations {
    (
        $(#[$doc:meta])*
        $group:ident answers $field:ident: $node:ident, $conflict:ident {
            $($(#[$command_doc:meta])* $mutation:ident($input:ident) -> $payload:ident;)+
        }
    ) => {
        $(#[$doc])*
        #[derive(Default)]
        pub(crate) struct $group;

        #[async_graphql::Object]
        impl $group {
            $(
                $(#[$command_doc])*
                async fn $mutation(
                    &self,
                    ctx: &async_graphql::Context<'_>,
                    #[graphql(desc = "What is ordered.")] input: $input,
                ) -> Option<async_graphql::Result<$payload>> {
                    crate::graphql::errors::nullable(async {
                        crate::graphql::orders::carry_out(ctx, &input, None).await.map($payload).map(Some)
                    }).await
                }
            )+
        }

        /// The same commands, as dry runs.
        #[derive(Default)]
        pub(crate) struct Previews;

        impl async_graphql::TypeName for Previews {
            fn type_name() -> std::borrow::Cow<'static, str> {
                concat!(stringify!($group), "Previews").into()
            }
        }

        #[async_graphql::Object(name_type)]
        impl Previews {
            $(
                $(#[$command_doc])*
                async fn $mutation(
                    &self,
                    ctx: &async_graphql::Context<'_>,
                    #[graphql(desc = "What would be ordered.")] input: $input,
                ) -> Option<async_graphql::Result<<$node as crate::graphql::orders::Shown>::Preview>> {
                    crate::graphql::errors::nullable(async {
                        crate::graphql::orders::foresee(ctx, &input, None).await.map(|prospect| Some(prospect.into()))
                    }).await
                }
            )+
        }

        $(
            pub(crate) struct $payload(crate::graphql::orders::Outcome);

            /// 结果: how the command went. Either `receipt` is there, or `userErrors` say why nothing was recorded.
            #[async_graphql::Object]
            impl $payload {
                /// What the command was about, as it is after it; absent when nothing was recorded.
                async fn $field(&self, ctx: &async_graphql::Context<'_>) -> Option<async_graphql::Result<$node>> {
                    crate::graphql::errors::nullable(async {
                        match &self.0.receipt {
                            Some(receipt) => <$node as crate::graphql::orders::Shown>::after(ctx, receipt).await,
                            None => Ok(None),
                        }
                    }).await
                }

                /// 回执: where in the log its events stand; absent when nothing was recorded.
                async fn receipt(&self) -> Option<crate::graphql::orders::ReceiptNode> {
                    self.0.receipt_node()
                }

                /// Why nothing was recorded; empty when something was.
                async fn user_errors(&self) -> &[crate::graphql::errors::UserError] {
                    &self.0.user_errors
                }

                /// What is worth knowing although the command was carried out.
                async fn warnings(
                    &self,
                    ctx: &async_graphql::Context<'_>,
                ) -> Option<async_graphql::Result<Vec<crate::graphql::warnings::code::Warning>>> {
                    self.0.warnings(ctx).await
                }

                /// 版本冲突: where it is, when it is not at `expectedVersion`.
                async fn conflict(&self) -> Option<$conflict> {
                    self.0.conflict.map($conflict)
                }
            }
        )+
    };
}
pub(super) use mutations;
