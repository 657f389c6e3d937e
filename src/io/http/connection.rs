//! One connection from beginning to end: requests are handed to the service, answers are written.

use std::rc::Rc;

use futures_util::{FutureExt, StreamExt};
use monoio::buf::IoBuf;
use monoio::io::{AsyncWriteRent, AsyncWriteRentExt, OwnedWriteHalf, Splitable};
use monoio::net::TcpStream;

use super::Site;
use super::line::{Gone, Line};
use super::roll::Seat;
use crate::base::limits::{FAREWELL_PATIENCE, HTTP_ONE_WRITE_BYTES_MAX};
use crate::base::time;
use crate::http::{
    Body, CONTINUE, Connection as Machine, Content, Load, Peer, Refusal, Response, Step, Streamed,
};
use crate::io::runtime::within;

/// Room for the headers of an answer.
const HEAD_BYTES: usize = 512;

/// See the module's documentation.
pub(super) struct Connection {
    line: Line,
    writer: OwnedWriteHalf<TcpStream>,
    peer: Peer,
    site: Rc<Site>,
}

impl Connection {
    /// `None` where TLS cannot even begin.
    pub(super) fn new(stream: TcpStream, peer: Peer, site: Rc<Site>, seat: Seat) -> Option<Self> {
        let tls = match &site.tls {
            Some(tls) => Some(Box::new(tls.session()?)),
            None => None,
        };
        let (reader, writer) = stream.into_split();
        let machine = Machine::new(Rc::clone(&site.intake), time::now());
        Some(Self { line: Line::new(machine, tls, reader, seat), writer, peer, site })
    }

    /// Serves until the connection has ended.
    pub(super) async fn serve(mut self) {
        if let Err(Gone) = self.converse().await
            && let Some(last_words) = self.line.tls.as_mut().map(|tls| tls.take_output())
            && !last_words.is_empty()
        {
            // What TLS has to say to whoever broke its rules.
            Box::pin(within(FAREWELL_PATIENCE, self.writer.write_all(last_words))).await;
        }
    }

    async fn converse(&mut self) -> Result<(), Gone> {
        while let Some(tls) = &mut self.line.tls {
            let (output, is_ready) = (tls.take_output(), tls.is_ready());
            self.write(output).await?;
            if is_ready {
                break;
            }
            self.line.changed().await?;
        }
        loop {
            match self.line.next().await? {
                Step::Wait => {}
                Step::Continue => self.send(CONTINUE.to_vec()).await?,
                Step::Request(request) => {
                    self.line.seat.rest(None);
                    let answer = self.site.service.call(request, self.peer);
                    let response = self.line.attend(answer).await?;
                    self.answer(response).await?;
                }
                Step::Refused(refusal) => {
                    self.site.service.handle_refusal(refusal, self.peer);
                    self.answer(refusal.into()).await?;
                }
                Step::Shut => self.shut().await?,
                Step::Closed => return Ok(()),
            }
        }
    }

    async fn answer(&mut self, response: Response) -> Result<(), Gone> {
        let (response, _load) = match &response.body {
            Body::Full(body) => match self.load(body.len()) {
                Ok(load) => (response, load),
                Err(refusal) => (refusal.into(), None),
            },
            Body::Empty | Body::Streamed(_) => (response, None),
        };
        let mut out = Vec::with_capacity(HEAD_BYTES + one_write(&response.body));
        let content = self.line.machine.respond(&response, &self.site.date(), &mut out);
        match (response.body, content) {
            (Body::Full(body), Content::Length(_)) if body.len() <= HTTP_ONE_WRITE_BYTES_MAX => {
                out.extend_from_slice(&body);
                self.send(out).await?;
            }
            (Body::Full(body), Content::Length(_)) => {
                self.send(out).await?;
                self.send(body).await?;
            }
            (Body::Streamed(streamed), Content::Chunked | Content::UntilClose) => {
                // Boxed, as few answers are streams: every idle connection would hold room for it.
                Box::pin(self.stream(streamed, content, out)).await?;
            }
            _ => self.send(out).await?,
        }
        let now = time::now();
        self.line.machine.handle_responded(now);
        self.line.seat.rest(Some(now));
        Ok(())
    }

    /// Room for so much that is to be sent, where that is more than one write.
    fn load(&self, bytes: usize) -> Result<Option<Load>, Refusal> {
        if bytes <= HTTP_ONE_WRITE_BYTES_MAX {
            return Ok(None);
        }
        let load = self.site.outlet.take(self.peer.address, bytes);
        if load.is_none() {
            self.site.service.handle_refusal(Refusal::Outlet, self.peer);
        }
        load.ok_or(Refusal::Outlet).map(Some)
    }

    /// Sends pieces as they come, with `out` before them. All that are there go in one write.
    async fn stream(&mut self, streamed: Streamed, content: Content, mut out: Vec<u8>) -> Result<(), Gone> {
        let Streamed { mut pieces, pulse } = streamed;
        let pulse = pulse.unwrap_or_default();
        loop {
            let mut next = pieces.next().now_or_never();
            if next.is_none() || out.len() >= HTTP_ONE_WRITE_BYTES_MAX {
                // What has been said of it cannot be taken back.
                let _load = self.load(out.len()).map_err(|_| Gone)?;
                self.send(std::mem::take(&mut out)).await?;
            }
            if next.is_none() {
                let waited = self.line.attend(within(self.site.pulse_every, pieces.next())).await?;
                next = Some(waited.unwrap_or_else(|| Some(pulse.to_vec())));
            }
            let Some(piece) = next.flatten() else {
                content.put_end(&mut out);
                return self.send(out).await;
            };
            content.put_piece(&mut out, &piece);
        }
    }

    /// Writes this, encrypted where that was agreed upon.
    async fn send(&mut self, bytes: Vec<u8>) -> Result<(), Gone> {
        if self.line.tls.is_none() {
            return self.write(bytes).await;
        }
        for piece in bytes.chunks(HTTP_ONE_WRITE_BYTES_MAX) {
            let sealed = self.line.tls.as_mut().map(|tls| tls.seal(piece)).unwrap_or_default();
            self.write(sealed).await?;
        }
        Ok(())
    }

    /// Writes this as it is, as long as the peer goes on taking it.
    async fn write(&mut self, mut bytes: Vec<u8>) -> Result<(), Gone> {
        let mut written = 0;
        while written < bytes.len() {
            self.line.machine.handle_writing(time::now());
            let rest = bytes.slice(written..);
            let (result, rest) = self.line.attend(self.writer.write(rest)).await?;
            bytes = rest.into_inner();
            match result {
                Ok(count) if count > 0 => written += count,
                _ => return Err(Gone),
            }
        }
        self.line.machine.handle_written();
        Ok(())
    }

    /// Says that nothing more will be said.
    async fn shut(&mut self) -> Result<(), Gone> {
        if let Some(farewell) = self.line.tls.as_mut().map(|tls| tls.close()) {
            self.write(farewell).await?;
        }
        self.writer.shutdown().await.map_err(|_| Gone)
    }
}

/// How much of a body is sent with its headers.
fn one_write(body: &Body) -> usize {
    match body {
        Body::Full(body) if body.len() <= HTTP_ONE_WRITE_BYTES_MAX => body.len(),
        _ => 0,
    }
}
