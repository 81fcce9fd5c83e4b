//! One way to give a struct of ours its bytes: fields in order, each bounded by its type or by a stated maximum.

/// Implements the engine's codec for a struct, field by field in the order given.
///
/// A field written `name: max` is a `Vec` of at most `max` items; a plain `name` brings its own bound.
#[macro_export]
macro_rules! codec_struct {
    ($ty:ty { $($field:ident $(: $max:expr)?),* $(,)? }) => {
        impl $crate::__codec::Write for $ty {
            fn write(&self, buf: &mut impl ::bytes::BufMut) {
                $( $crate::__codec::Write::write(&self.$field, buf); )*
            }
        }
        impl $crate::__codec::EncodeSize for $ty {
            fn encode_size(&self) -> usize {
                0 $( + $crate::__codec::EncodeSize::encode_size(&self.$field) )*
            }
        }
        impl $crate::__codec::Read for $ty {
            type Cfg = ();
            fn read_cfg(
                buf: &mut impl $crate::__codec::Buf,
                _: &(),
            ) -> ::core::result::Result<Self, $crate::__codec::Error> {
                $( let $field = $crate::codec_struct!(@read buf $(, $max)?); )*
                Ok(Self { $($field),* })
            }
        }
    };
    (@read $buf:ident) => { $crate::__codec::ReadExt::read($buf)? };
    (@read $buf:ident, $max:expr) => { $crate::__codec::ReadRangeExt::read_range($buf, ..=$max)? };
}
