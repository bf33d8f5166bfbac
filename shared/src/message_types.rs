//! Declares types of notifications, each once: its variant, its name in the message, and the time
//! at which it is sent, which `openapi.json` shows.

/// Declares an enum whose variants are types of messages.
macro_rules! message_types {
    (
        $(#[$attribute:meta])*
        pub enum $name:ident {
            $($(#[doc = $when:literal])+ $variant:ident = $kind:literal,)+
        }
    ) => {
        $(#[$attribute])*
        pub enum $name {
            $($(#[doc = $when])+ $variant,)+
        }

        impl $name {
            /// Every type.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The type of the message.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $kind,)+
                }
            }

            /// The occurrence that the message reports.
            #[must_use]
            pub fn when(self) -> &'static str {
                match self {
                    $(Self::$variant => concat!($($when),+).trim_ascii(),)+
                }
            }
        }
    };
}

pub(crate) use message_types;
