//! `topicwire listen`: prints what a gateway says until it is enough.

mod outcome;
mod stop;

use std::io::IsTerminal;

use futures_util::StreamExt as _;
use topicwire::client::Events;
use topicwire::command::{Command, GroupTarget, TopicTarget};
use topicwire::event::{Event, EventKind, Outcome};
use topicwire::options::{Credential, Options};

use crate::arguments::{AstroArguments, GraphQlArguments, Listen, OutputArguments, RawArguments, WebPubSubArguments};
use crate::client::Listener;
use crate::failure::{Failure, Status};
use crate::options;
use crate::output::{Line, Output};
use crate::print::{Printer, Style};
use outcome::Watch;
use stop::{Stop, Stops};

/// What to do when the client is there.
struct Plan {
    options: Options,
    /// Each subscription, and what to call it.
    subscriptions: Vec<(String, Command)>,
    /// What to send on each new connection.
    greetings: Vec<String>,
    rooms: bool,
    output: OutputArguments,
}

/// Listens until a limit, a signal or the gateway ends it.
pub(crate) async fn run(arguments: Listen, output: &Output) -> Result<Status, Failure> {
    let plan = match arguments {
        Listen::Astro(arguments) => astro(*arguments)?,
        Listen::Graphql(arguments) => graphql(*arguments)?,
        Listen::Raw(arguments) => raw(*arguments)?,
        Listen::Webpubsub(arguments) => webpubsub(*arguments)?,
    };
    // Before anything is opened, so that no signal finds us unprepared.
    let stops = Stops::new(plan.output.period).map_err(|error| Failure::new(Status::Lost, format!("cannot listen to signals: {error}")))?;
    let mut printer = Printer {
        json: plan.output.json,
        out: Style::of(std::io::stdout().is_terminal()),
        err: Style::of(std::io::stderr().is_terminal()),
        rooms: plan.rooms,
        secrets: secrets(&plan.options),
        ..Printer::default()
    };
    let (listener, events) = Listener::new(plan.options).map_err(|error| options::refused(&error))?;
    let mut wanted = Vec::new();
    for (name, command) in plan.subscriptions {
        let subscription = listener.next_subscription();
        printer.names.insert(subscription, name);
        wanted.push(subscription);
        listener.subscribe(subscription, command).map_err(|error| options::refused(&error))?;
    }
    listener.connect().map_err(|error| Failure::new(Status::Lost, error.to_string()))?;
    let session = Session {
        listener,
        events,
        printer,
        output,
        watch: Watch::new(wanted),
        greetings: plan.greetings,
        left: plan.output.count,
        line: None,
        hurried: false,
    };
    session.run(stops).await
}

fn astro(arguments: AstroArguments) -> Result<Plan, Failure> {
    let options = options::astro(&arguments)?;
    let mut subscriptions = Vec::new();
    for topic in &arguments.topics {
        if arguments.rooms.is_empty() {
            let target = TopicTarget { topic: topic.clone(), room: None, no_room: false, credential: None };
            subscriptions.push((topic.clone(), Command::Subscribe(target)));
        }
        for room in &arguments.rooms {
            let name = if arguments.rooms.len() > 1 { format!("{topic} of {room}") } else { topic.clone() };
            subscriptions.push((name, Command::Subscribe(TopicTarget::new(topic, room))));
        }
    }
    let rooms = arguments.rooms.len() > 1;
    Ok(Plan { options: Options::Astro(options), subscriptions, greetings: Vec::new(), rooms, output: arguments.output })
}

fn graphql(arguments: GraphQlArguments) -> Result<Plan, Failure> {
    let name = arguments.operation_name.clone().unwrap_or_else(|| "the operation".to_owned());
    let subscriptions = vec![(name, Command::Operation(options::operation(&arguments)?))];
    let options = Options::GraphQl(options::graphql(&arguments)?);
    Ok(Plan { options, subscriptions, greetings: Vec::new(), rooms: false, output: arguments.output })
}

fn raw(arguments: RawArguments) -> Result<Plan, Failure> {
    let options = Options::Raw(options::raw(&arguments)?);
    Ok(Plan { options, subscriptions: Vec::new(), greetings: arguments.send, rooms: false, output: arguments.output })
}

fn webpubsub(arguments: WebPubSubArguments) -> Result<Plan, Failure> {
    let options = Options::WebPubSub(options::webpubsub(&arguments.hub, &arguments.connection)?);
    let join = |group: &String| (group.clone(), Command::JoinGroup(GroupTarget::new(group)));
    let subscriptions = arguments.groups.iter().map(join).collect();
    let rooms = arguments.groups.len() > 1;
    Ok(Plan { options, subscriptions, greetings: Vec::new(), rooms, output: arguments.output })
}

/// What must not be printed, wherever it may turn up.
fn secrets(options: &Options) -> Vec<topicwire::Secret> {
    let mut all: Vec<_> = options.connection().headers.iter().map(|(_, value)| value.clone()).collect();
    // A header value of a few letters is no secret, and masking it would spoil every line.
    all.retain(|value| value.expose().len() >= 8);
    for (_, credential) in options.credentials() {
        if let Credential::Static(token) = credential {
            all.push(token);
        }
    }
    all
}

/// The conversation.
struct Session<'a> {
    listener: Listener,
    events: Events,
    printer: Printer,
    output: &'a Output,
    watch: Watch,
    greetings: Vec<String>,
    /// Messages still to be printed, where there is a limit.
    left: Option<u64>,
    /// A line that waits for room. Until it is gone no event is taken, but signals are heard.
    line: Option<Line>,
    /// The user wants out, and will not wait for a reader.
    hurried: bool,
}

impl Session<'_> {
    async fn run(mut self, mut stops: Stops) -> Result<Status, Failure> {
        self.listen(&mut stops).await;
        if !self.hurried {
            // A reader that takes its time may have what it asked for, unless somebody does not want to wait for it.
            tokio::select! {
                () = self.output.lines().written() => {}
                () = stops.signal() => self.output.hurry(),
            }
        }
        self.watch.verdict().map_err(|failure| failure.map(|text| self.printer.mask(text)))
    }

    /// Until the client has ended.
    async fn listen(&mut self, stops: &mut Stops) {
        let output = self.output;
        loop {
            tokio::select! {
                // What ends it comes first: a gateway that never pauses must not keep it from being heard.
                biased;
                stop = stops.next() => self.stop(stop),
                () = output.lines().reader_gone(), if !self.watch.is_leaving() => self.leave(),
                room = output.lines().room(), if self.line.is_some() => match (room, self.line.take()) {
                    (Ok(room), Some(line)) => room.put(line),
                    _ => self.leave(),
                },
                event = self.events.next(), if self.line.is_none() => {
                    let Some(event) = event else { return };
                    self.take(&event);
                }
            }
        }
    }

    fn stop(&mut self, stop: Stop) {
        match stop {
            Stop::Time => {
                self.watch.time_is_up();
                self.listener.close();
            }
            Stop::Signal => {
                self.hurry();
                self.leave();
            }
            Stop::SecondSignal => self.listener.abort(),
        }
    }

    /// The end was asked for.
    fn leave(&mut self) {
        self.watch.leave();
        self.listener.close();
    }

    fn hurry(&mut self) {
        self.hurried = true;
        self.output.hurry();
        if let Some(line) = self.line.take() {
            self.print(line);
        }
    }

    /// Prints an event and looks what follows from it.
    fn take(&mut self, event: &Event) {
        if let EventKind::Opened(_) = event.kind {
            for text in &self.greetings {
                // A connection that breaks at once says so itself.
                let _ = self.listener.send(text.clone());
            }
        }
        let is_message = matches!(event.kind, EventKind::Message(_));
        // After the end was asked for, messages are too late, and requests that come to nothing are no news.
        let late = self.watch.is_leaving() && (is_message || matches!(event.kind, EventKind::Reply { .. }));
        let go_on = self.watch.see(event);
        // A failure that ends it all is said once, as the program's last line.
        let completed = matches!(event.kind, EventKind::Ended { outcome: Outcome::Completed, .. });
        let is_last_word = !go_on && !completed && !self.printer.json;
        if !late
            && !is_last_word
            && let Some(line) = self.printer.line(event)
        {
            self.print(line);
        }
        if is_message && let Some(left) = &mut self.left {
            *left = left.saturating_sub(1);
            if *left == 0 {
                self.leave();
            }
        }
        if !go_on {
            self.listener.close();
        }
    }

    fn print(&mut self, line: Line) {
        if self.hurried {
            self.output.lines().put_if_room(line);
        } else {
            self.line = Some(line);
        }
    }
}
