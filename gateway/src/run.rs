//! The gateway as a process: what the command line runs.

use std::future::{Future as _, poll_fn};
use std::io::{self, Read, Write};
use std::pin::pin;
use std::task::Poll;

use serde_json::json;
use tokio::sync::oneshot;

use crate::files::raise_open_files;
use crate::gateway::{GatewayOptions, LocalGateway};
use crate::machine::webpubsub::AccessUrl;

/// How to run.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct RunOptions {
    /// The gateway itself.
    pub gateway: GatewayOptions,
    /// For a parent that is a program: print one line of JSON, and end when standard input does.
    pub control_stdio: bool,
}

/// Starts a gateway, says on standard output where it is, and runs it until Ctrl-C, until
/// `POST /control/shutdown`, or, with [`RunOptions::control_stdio`], until standard input ends.
///
/// With `control_stdio` the line is `{"port":N,"pid":N,"astro":URL,"graphql":URL,"raw":URL,"webpubsub":URL,"control":URL}`,
/// where that of Web PubSub is a client access URL with a token of an hour.
///
/// # Errors
///
/// When the port cannot be had or standard output cannot be written.
pub async fn run(options: RunOptions) -> io::Result<()> {
    raise_open_files();
    let gateway = LocalGateway::start_with(options.gateway).await?;
    // Asked for before anybody is told that we run: a Ctrl-C that comes at once must end us as any other does.
    let mut interrupted = pin!(tokio::signal::ctrl_c());
    let early = poll_fn(|context| Poll::Ready(interrupted.as_mut().poll(context))).await;
    let mut out = io::stdout();
    let access = gateway.access_url(AccessUrl::default()).await.map_err(io::Error::other)?;
    let text = if options.control_stdio { announcement(&gateway, &access) } else { banner(&gateway, &access) };
    out.write_all(text.as_bytes())?;
    out.flush()?;

    let stopped = gateway.stopped();
    tokio::select! {
        () = stopped => {}
        () = input_ended(), if options.control_stdio => {}
        // Where there are no signals the other two have to do.
        Ok(()) = interrupted, if early.is_pending() => {}
    }
    gateway.stop().await;
    Ok(())
}

fn announcement(gateway: &LocalGateway, access: &str) -> String {
    let line = json!({
        "port": gateway.port(),
        "pid": std::process::id(),
        "astro": gateway.astro_url(),
        "graphql": gateway.graphql_url(),
        "raw": gateway.raw_url(),
        "webpubsub": access,
        "control": gateway.control_url(),
    });
    format!("{line}\n")
}

fn banner(gateway: &LocalGateway, access: &str) -> String {
    format!(
        "Topicwire local gateway (a development tool; it listens on this machine only)\n\
         \n\
         \x20 Astro    {}\n\
         \x20 GraphQL  {}\n\
         \x20 echo     {}\n\
         \x20 control  {}\n\
         \n\
         A Web PubSub client access URL, good for an hour:\n\
         \n\
         \x20 {access}\n\
         \n\
         Publish something:\n\
         \n\
         \x20 curl -d '{{\"topic\":\"channel.tips\",\"data\":{{\"_id\":\"1\"}}}}' {}/astro/publish\n\
         \n\
         Ctrl-C ends it.\n",
        gateway.astro_url(),
        gateway.graphql_url(),
        gateway.raw_url(),
        gateway.control_url(),
        gateway.control_url(),
    )
}

/// Waits for the end of standard input on a thread of its own: tokio's own reader would keep the runtime
/// from ending while nothing comes.
async fn input_ended() {
    let (tell, ended) = oneshot::channel::<()>();
    std::thread::spawn(move || {
        let mut sink = [0; 256];
        while matches!(io::stdin().read(&mut sink), Ok(read) if read > 0) {}
        drop(tell);
    });
    // The sender is only ever dropped.
    let _ = ended.await;
}
