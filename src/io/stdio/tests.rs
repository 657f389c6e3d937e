use std::io::{PipeReader, Read, pipe};

use futures_util::FutureExt;

use super::super::blocking;
use super::*;

fn output() -> (Output, PipeReader) {
    let (reader, writer) = pipe().unwrap();
    (Output::to(Stream::of(writer).unwrap()), reader)
}

#[test]
fn what_is_written_as_lines_is_read_as_lines() {
    runtime::run(async {
        let (output, reader) = output();
        let (sender, lines) = async_channel::unbounded();
        let long = "x".repeat(20);
        for line in ["one", "", &long, "last"] {
            output.send(line.into()).await.unwrap();
        }
        output.finish().await;
        read_lines(&Stream::of(reader).unwrap(), 10, &sender).await.unwrap();
        drop(sender);
        let mut read = Vec::new();
        while let Ok(line) = lines.recv().await {
            read.push(line);
        }
        let text = |line: &str| Line::Text(line.into());
        assert_eq!(read, [text("one"), text(""), Line::TooLong, text("last")]);
    })
    .unwrap();
}

#[test]
fn an_output_that_nobody_reads_holds_up_its_sender_and_nothing_else() {
    const LINE_BYTES: usize = 1024 * 1024;
    runtime::run(async {
        let (output, mut reader) = output();
        let mut lines = 0;
        let waiting = loop {
            let mut send = output.send(vec![b'x'; LINE_BYTES]).boxed_local();
            lines += 1;
            if send.as_mut().now_or_never().is_none() {
                break send;
            }
        };
        assert_eq!(lines, BYTES_BEHIND / LINE_BYTES + 1);
        let all = std::thread::spawn(move || {
            let mut all = Vec::new();
            reader.read_to_end(&mut all).unwrap();
            all
        });
        waiting.await.unwrap();
        output.finish().await;
        // The loop goes on meanwhile: it is what closes the pipe.
        let all = blocking::run(|| all.join().unwrap()).await.unwrap();
        assert_eq!(all.len(), lines * (LINE_BYTES + 1));
        assert_eq!(all.iter().filter(|byte| **byte == b'\n').count(), lines);
    })
    .unwrap();
}

#[test]
fn a_closed_output_is_noticed() {
    runtime::run(async {
        let (output, reader) = output();
        drop(reader);
        while output.send(b"line".to_vec()).await.is_ok() {}
        output.finish().await;
    })
    .unwrap();
}

#[test]
fn an_output_that_nobody_reads_any_more_is_noticed_in_silence() {
    runtime::run(async {
        let (output, reader) = output();
        assert!(output.deserted().now_or_never().is_none());
        drop(reader);
        output.deserted().await;
    })
    .unwrap();
}
