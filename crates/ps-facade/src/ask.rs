//! One declaration for a question that can be asked of a [`System`](crate::System) and, as a free function, of
//! the default one.

/// Declares free functions with their documentation, and the methods of `System` that answer them.
macro_rules! asks {
    (
        in $module:literal;
        $($(#[$attribute:meta])* fn $free:ident = $method:ident($($name:ident: $kind:ty),*) -> $answer:ty;)+
    ) => {
        $(
            $(#[$attribute])*
            pub fn $free($($name: $kind),*) -> $crate::Result<$answer> {
                $crate::System::default().$method($($name),*)
            }
        )+

        impl $crate::System {
            $(
                #[doc = concat!("What [`", $module, "::", stringify!($free), "`](crate::", $module, "::",
                    stringify!($free), ") tells, of this system.")]
                pub fn $method(&self, $($name: $kind),*) -> $crate::Result<$answer> {
                    self.backend().$method($($name),*)
                }
            )+
        }
    };
}
