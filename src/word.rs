//! One macro: the words of a closed set of values, as the report and the command line write them.

macro_rules! words {
    ($type:ty: $($variant:ident => $word:literal),+ $(,)?) => {
        impl $type {
            /// The word of the report and of the command line.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }

            /// Every value, in ascending order.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];
        }

        impl std::fmt::Display for $type {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}
pub(crate) use words;
