//! The backends, and the macro that declares their operations.
//!
//! `operations!` declares each operation once. It makes a trait, which every backend implements,
//! and the methods of [`Store`] with the same names, which call the backend in use.
//!
//! Those methods match on the [`Backend`], in place of a call through `dyn`. A vtable would link
//! every operation of every backend into the binary of each function. So a binary contains only
//! the operations that its function uses.
//!
//! [`Store`]: super::Store

use super::{dynamodb::DynamoDb, postgres::Postgres, sqlite::Sqlite};

/// The backend in use.
#[derive(Clone, Debug)]
pub(super) enum Backend {
    Sqlite(Sqlite),
    Postgres(Postgres),
    DynamoDb(DynamoDb),
}

/// Declares a trait of operations, and the methods of [`Store`](super::Store) that call them.
///
/// The visibility of an operation is that of the method.
macro_rules! operations {
    (
        $(#[$trait_doc:meta])*
        trait $Trait:ident {$(
            $(#[$doc:meta])*
            $visibility:vis async fn $operation:ident(
                &self $(, $argument:ident: $Argument:ty)* $(,)?
            ) -> $Output:ty;
        )*}
    ) => {
        $(#[$trait_doc])*
        pub(in $crate::store) trait $Trait {$(
            $(#[$doc])*
            fn $operation(
                &self $(, $argument: $Argument)*
            ) -> impl Future<Output = $Output> + Send;
        )*}

        impl $crate::store::Store {$(
            $(#[$doc])*
            $visibility async fn $operation(&self $(, $argument: $Argument)*) -> $Output {
                use $crate::store::backend::Backend;

                match &self.backend {
                    Backend::Sqlite(backend) => $Trait::$operation(backend $(, $argument)*).await,
                    Backend::Postgres(backend) => $Trait::$operation(backend $(, $argument)*).await,
                    Backend::DynamoDb(backend) => $Trait::$operation(backend $(, $argument)*).await,
                }
            }
        )*}
    };
}
pub(super) use operations;
