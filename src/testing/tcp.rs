//! The small SSH server on real sockets: it forks nothing, so what is measured against it is the client.

use std::io;
use std::net::TcpListener;

use monoio::io::{AsyncReadRent, AsyncWriteRentExt};
use monoio::net::TcpStream;

use super::ssh_server::{Server, ServerConfig};
use crate::io::runtime;

/// What one read may bring.
const READ_BYTES: usize = 16 * 1024;

/// Serves whoever connects, on an event loop of this thread, until accepting fails.
///
/// Errors: the kernel gives no event loop, or takes the listener back.
pub fn serve(listener: TcpListener, config: ServerConfig) -> io::Result<()> {
    runtime::run(async {
        let listener = monoio::net::TcpListener::from_std(listener)?;
        loop {
            let (stream, _) = listener.accept().await?;
            stream.set_nodelay(true)?;
            let config = config.clone();
            runtime::spawn(async move {
                // How a connection ends is the client's affair.
                let _ = carry(stream, Server::new(config)).await;
            });
        }
    })?
}

async fn carry(mut stream: TcpStream, mut server: Server) -> io::Result<()> {
    let mut input = Vec::with_capacity(READ_BYTES);
    loop {
        let mut output = Vec::new();
        if server.poll_transmit(&mut output) {
            stream.write_all(output).await.0?;
        }
        if server.is_closed {
            return Ok(());
        }
        let (read, filled) = stream.read(input).await;
        if read? == 0 {
            return Ok(());
        }
        server.handle_input(&filled).map_err(io::Error::other)?;
        input = filled;
        input.clear();
    }
}
