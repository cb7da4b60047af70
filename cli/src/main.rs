//! The command `topicwire`: listen to realtime gateways from a terminal, and run the local one.
//!
//! Exit status: 0 when it did what was asked (also when its output was closed), 2 for wrong use, 3 when the gateway refused the token,
//! 4 when there is nothing left to try.

#![forbid(unsafe_code)]

mod arguments;
mod client;
mod credential;
mod demo;
mod failure;
mod gateway;
mod listen;
mod options;
mod output;
mod print;
mod send;

use std::ffi::OsString;
use std::process::ExitCode;

use arguments::{Arguments, Command};
use failure::{Failure, Status};
use output::{Line, Output};

fn main() -> ExitCode {
    let output = Output::start();
    let status = match run(std::env::args_os().collect(), &output) {
        Ok(status) => status,
        Err(failure) => {
            output.put_blocking(Line::Err(format!("topicwire: {failure}")));
            failure.status
        }
    };
    // A reader that went away has had what it wanted.
    let status = if output.finish() { status } else { Status::Done };
    ExitCode::from(status as u8)
}

fn run(line: Vec<OsString>, output: &Output) -> Result<Status, Failure> {
    let arguments = match Arguments::read(line) {
        Ok(arguments) => arguments,
        Err(arguments::Stop::Show(text)) => {
            output.put_blocking(Line::Out(text.trim_end().to_owned()));
            return Ok(Status::Done);
        }
        Err(arguments::Stop::Wrong(failure)) => return Err(failure),
    };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(|error| Failure::new(Status::Lost, format!("cannot start: {error}")))?;
    let status = runtime.block_on(async {
        match arguments.command {
            Command::Gateway(arguments) => gateway::run(arguments).await,
            Command::Listen(arguments) => listen::run(arguments, output).await,
            Command::Send(arguments) => send::run(arguments).await,
            Command::Demo => demo::run(output).await,
        }
    });
    // Threads that still wait, for a name server say, are not worth waiting for.
    runtime.shutdown_background();
    status
}
