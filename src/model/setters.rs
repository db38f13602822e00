//! Methods that each set one field of options: code that uses them compiles on where options get more fields.

/// `setters! { Options { field: Type, … } }` gives `Options` a method of the name of each of these fields.
macro_rules! setters {
    ($options:ident { $($field:ident: $type:ty),* $(,)? }) => {
        impl $options {
            $(
                #[must_use]
                #[doc = concat!("Sets [`", stringify!($field), "`](field@Self::", stringify!($field), ").")]
                ///
                /// The rest stays as it is.
                pub fn $field(mut self, $field: impl Into<$type>) -> Self {
                    self.$field = $field.into();
                    self
                }
            )*
        }
    };
}

pub(crate) use setters;
