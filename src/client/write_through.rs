//! Writing through a connection that is wrapped for the sake of what is read from it.

/// Implements `AsyncWrite` for a wrapper of one `connection`, which takes what is written as it comes.
macro_rules! write_through {
    ($wrapper:ident) => {
        impl<C: tokio::io::AsyncWrite + Unpin> tokio::io::AsyncWrite for $wrapper<C> {
            fn poll_write(
                mut self: std::pin::Pin<&mut Self>,
                cx: &mut std::task::Context<'_>,
                bytes: &[u8],
            ) -> std::task::Poll<std::io::Result<usize>> {
                std::pin::Pin::new(&mut self.connection).poll_write(cx, bytes)
            }

            fn poll_flush(
                mut self: std::pin::Pin<&mut Self>,
                cx: &mut std::task::Context<'_>,
            ) -> std::task::Poll<std::io::Result<()>> {
                std::pin::Pin::new(&mut self.connection).poll_flush(cx)
            }

            fn poll_shutdown(
                mut self: std::pin::Pin<&mut Self>,
                cx: &mut std::task::Context<'_>,
            ) -> std::task::Poll<std::io::Result<()>> {
                std::pin::Pin::new(&mut self.connection).poll_shutdown(cx)
            }

            fn poll_write_vectored(
                mut self: std::pin::Pin<&mut Self>,
                cx: &mut std::task::Context<'_>,
                buffers: &[std::io::IoSlice<'_>],
            ) -> std::task::Poll<std::io::Result<usize>> {
                std::pin::Pin::new(&mut self.connection).poll_write_vectored(cx, buffers)
            }

            fn is_write_vectored(&self) -> bool {
                self.connection.is_write_vectored()
            }
        }
    };
}

pub(crate) use write_through;
