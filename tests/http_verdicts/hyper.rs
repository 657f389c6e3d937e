//! The other side: hyper's server over a pipe, its service taking whole bodies and answering 200.

use std::convert::Infallible;
use std::time::Duration;

use http_body_util::{BodyExt, Empty};
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

use super::{Verdict, statuses};

/// More than any case is long, so that nobody waits for anybody.
const PIPE_BYTES: usize = 1024 * 1024;

pub fn verdict(bytes: &[u8]) -> Verdict {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let said = runtime.block_on(async {
        let (mut client, server) = duplex(PIPE_BYTES);
        let service = service_fn(async |request: Request<Incoming>| {
            // A body that is none ends the connection.
            let body = request.into_body().collect().await;
            body.map(|_| Response::new(Empty::<Bytes>::new()))
        });
        let serves = http1::Builder::new()
            .half_close(true)
            .timer(TokioTimer::new())
            .serve_connection(TokioIo::new(server), service);
        client.write_all(bytes).await.unwrap();
        client.shutdown().await.unwrap();
        let mut said = Vec::new();
        let hears = client.read_to_end(&mut said);
        let (_, heard) = tokio::time::timeout(Duration::from_secs(20), async { tokio::join!(serves, hears) })
            .await
            .unwrap();
        heard.unwrap();
        Ok::<_, Infallible>(said)
    });
    statuses(&said.unwrap())
}
