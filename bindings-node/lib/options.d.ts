// Written by `cargo xtask schema` from schema/topicwire.json. Do not edit.

/** How a StreamElements Astro client behaves. Every default is the one of the protocol's documentation, or the careful reading of it. */
export interface AstroSettings {
  /** Where rooms of credentials are looked up over HTTP when none is given and the token does not tell; empty for nowhere. Default: `"https://api.streamelements.com"`. */
  apiUrl?: string;
  /** Commands that may go out at once after a rest; 1 is strict spacing. The gateway allows 100 per 10 s. Default: `1`. */
  commandBurst?: number;
  /** Time between two commands, in milliseconds. The gateway allows one per 100 ms. Default: `110`. */
  commandIntervalMs?: number;
  /** How to reach the server. */
  connection?: ConnectionOptions;
  /** Deliver messages that were on their way when their subscription was ended. Default: `false`. */
  deliverAfterUnsubscribe?: boolean;
  /** How long an old connection may go on delivering after a handover, in milliseconds. Default: `5000`. */
  drainMs?: number;
  /** Replace the connection after this much silence, in milliseconds; 0 for never. The gateway pings every 30 s. Default: `75000`. */
  idleTimeoutMs?: number;
  /** Behave as before 2025: no welcome is awaited, subscriptions go out when the socket opens. Default: `false`. */
  legacy?: boolean;
  /** Ping the gateway this often, in milliseconds; 0 for never. Default: `0`. */
  pingIntervalMs?: number;
  /** How long a provider may take, in milliseconds. Default: `30000`. */
  providerTimeoutMs?: number;
  /** How much may wait. */
  queue?: QueueOptions;
  /** How to come back after a loss. */
  reconnect?: ReconnectOptions;
  /** How long to wait for the answer to a command, counted from when it was written, in milliseconds. Default: `10000`. */
  responseTimeoutMs?: number;
  /** End the client when every subscription was refused as unauthorised. Default: `false`. */
  stopWhenUnauthorized?: boolean;
  /** Pass each tip once, though it may come as a tip, as a moderation step and as an activity. Default: `false`. */
  tipsOnce?: boolean;
  /** What kind of credential it is. Default: `"jwt"`. */
  tokenType?: 'jwt' | 'oauth2' | 'oauth' | 'apikey';
  /** Send each subscription again after a resume, to be sure. It costs commands. Default: `false`. */
  verifyResume?: boolean;
  /** How long to wait for the gateway's welcome, in milliseconds. Default: `10000`. */
  welcomeTimeoutMs?: number;
}

/** How a GraphQL client behaves. */
export interface GraphQLSettings {
  /** How long to wait for the server's acknowledgement, in milliseconds. Default: `10000`. */
  ackTimeoutMs?: number;
  /** Take the server for a legacy one when it names no subprotocol. Default: `false`. */
  assumeLegacy?: boolean;
  /** Where the credential goes. Default: `"payload"`. */
  auth?: 'query' | 'header' | 'payload' | 'extensions';
  /** The name of the URL parameter, header, or member of the payload or the extensions that carries it. Default: `"Authorization"`. */
  authName?: string;
  /** What stands before the credential, for example `Bearer `. Not used in a URL. Default: `"Bearer "`. */
  authPrefix?: string;
  /** How to reach the server. */
  connection?: ConnectionOptions;
  /** How long to wait for the result of a query or a mutation, in milliseconds; 0 for ever. Default: `60000`. */
  executeTimeoutMs?: number;
  /** Close codes to give up on, beside 1002, 1003, 1007, 1009, 1010, 4400, 4406 and 4409, and beside 4401 and 4403, which are given up on if a fresh credential does not help or cannot be had. */
  fatalCloses?: readonly number[];
  /** Replace the connection after this much silence, in milliseconds; 0 for 2.5 times the period of the heartbeat that the server shows, if it shows one. Default: `0`. */
  idleTimeoutMs?: number;
  /** The payload of `connection_init`: a JSON object as text; empty for none. It may hold secrets. */
  initPayload?: string;
  /** Connect when the first operation starts, not before. Default: `true`. */
  lazy?: boolean;
  /** Close an unused socket after this long, in milliseconds; 0 for never. Default: `0`. */
  lingerMs?: number;
  /** Probe the server this often, in milliseconds; 0 for never. Default: `0`. */
  pingIntervalMs?: number;
  /** How long the answer to a probe may take, in milliseconds. Default: `10000`. */
  pongTimeoutMs?: number;
  /** Which subprotocol to speak. Default: `"auto"`. */
  protocol?: 'auto' | 'modern' | 'legacy';
  /** How long a provider may take, in milliseconds. Default: `30000`. */
  providerTimeoutMs?: number;
  /** How much may wait. */
  queue?: QueueOptions;
  /** How to come back after a loss. */
  reconnect?: ReconnectOptions;
  /** Close codes to come back from, whatever else is said. */
  retryCloses?: readonly number[];
  /** One socket for all operations, or one for each. Default: `"shared"`. */
  sockets?: 'shared' | 'per_operation';
}

/** How a plain WebSocket client behaves. */
export interface RawSettings {
  /** How to reach the server. */
  connection?: ConnectionOptions;
  /** Report pings and pongs as events. Default: `false`. */
  controlEvents?: boolean;
  /** Give the connection up after this much silence, in milliseconds; 0 for never. Default: `0`. */
  idleTimeoutMs?: number;
  /** Ping this often, in milliseconds; 0 for never. Default: `0`. */
  pingIntervalMs?: number;
  /** Give the connection up when a ping is not answered for this long, in milliseconds; 0 for never. Default: `20000`. */
  pingTimeoutMs?: number;
  /** How much may wait. */
  queue?: QueueOptions;
  /** How to come back after a loss. Off unless `enabled` is set. */
  reconnect?: ReconnectOptions;
  /** Subprotocols to offer, the best first. */
  subprotocols?: readonly string[];
}

/** How an Azure Web PubSub client behaves. */
export interface WebPubSubSettings {
  /** Acknowledge after this many bytes. The service lets 16 MB wait. Default: `524288`. */
  ackBytes?: number;
  /** Acknowledge at the latest after this long, in milliseconds. Default: `250`. */
  ackIntervalMs?: number;
  /** Acknowledge after this many messages. The service lets 1,000 wait and then ends the session. Default: `64`. */
  ackMessages?: number;
  /** How long the service may take to acknowledge a command or to answer an invocation, in milliseconds; 0 for ever. A command is then sent again under its number, so that it is done once. Default: `30000`. */
  answerTimeoutMs?: number;
  /** How long to wait for the service's `connected`, in milliseconds. Default: `10000`. */
  connectedTimeoutMs?: number;
  /** How to reach the service. */
  connection?: ConnectionOptions;
  /** Deliver every message as the canonical JSON of all that is known of it (sender, type, number, stream) rather than its data alone. Default: `false`. */
  envelopes?: boolean;
  /** Ping the service this often, in milliseconds; 0 for never. Default: `20000`. */
  pingIntervalMs?: number;
  /** Give the connection up when nothing comes for this long after a ping, in milliseconds; 0 for never. Default: `10000`. */
  pingTimeoutMs?: number;
  /** Which subprotocol to speak. Default: `"reliable_json"`. */
  protocol?: 'reliable_json' | 'json' | 'reliable_protobuf' | 'protobuf' | 'simple';
  /** How long a provider may take, in milliseconds. Default: `30000`. */
  providerTimeoutMs?: number;
  /** How much may wait. */
  queue?: QueueOptions;
  /** How to come back after a loss. */
  reconnect?: ReconnectOptions;
  /** How long a lost session is tried to be taken up again before another is begun, in milliseconds. Default: `30000`. */
  recoveryMs?: number;
  /** Send commands again whose outcome a lost session left unknown: they may then be carried out twice. Default: `false`. */
  resendUnknown?: boolean;
  /** How often a command is tried again that failed in the service or was not acknowledged in time. Default: `3`. */
  retries?: number;
  /** Simple mode: every message goes to this group. Without it, it goes to the application's server as the event `message`. */
  simpleGroup?: string | null;
  /** Simple mode: do not send messages to the group's own sender. Default: `false`. */
  simpleNoEcho?: boolean;
}

/** How to reach the server. */
export interface ConnectionOptions {
  /** PEM files with certificate authorities to trust beside the system's. */
  caFiles?: readonly string[];
  /** Time for the close handshake, in milliseconds. Default: `2000`. */
  closeTimeoutMs?: number;
  /** Time for DNS, TCP, TLS and the upgrade together, in milliseconds. Default: `10000`. */
  connectTimeoutMs?: number;
  /** Headers of the upgrade request, in order. Values may be secrets, so they print as `***`. */
  headers?: ReadonlyArray<readonly [string, string]>;
  /** Accept any certificate. For local use only. Default: `false`. */
  insecure?: boolean;
  /** The largest message that is accepted, in bytes; absent for the dialect's own limit. */
  maxMessage?: number | null;
  /** Use no proxy, whatever the environment says. Default: `false`. */
  noProxy?: boolean;
  /** An HTTP proxy, `http://[user:password@]host:port`. Without it the usual environment variables count (`HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY`, `NO_PROXY`). */
  proxy?: string | null;
}

/** How to come back after a loss. */
export interface ReconnectOptions {
  /** Come back at all. Default: `true`. */
  enabled?: boolean;
  /** What each wait is multiplied by to get the next. Default: `2.0`. */
  factor?: number;
  /** The first wait, in milliseconds. Default: `1000`. */
  initialMs?: number;
  /** How the wait is spread, so that a thousand clients do not come back at once. Default: `"half"`. */
  jitter?: 'none' | 'half' | 'full';
  /** Give up after this many attempts in a row; absent for never. */
  maxAttempts?: number | null;
  /** The longest wait, in milliseconds. Default: `30000`. */
  maxMs?: number;
}

/** How much may wait. */
export interface QueueOptions {
  /** Commands that may wait for their answers; more are refused with `overflow`. Default: `10000`. */
  maxRequests?: number;
  /** Take a command back that has no answer after this long, whatever holds it up, in milliseconds; 0 for never. While the server cannot be reached nothing else ends the wait. Default: `0`. */
  requestTimeoutMs?: number;
  /** Unsent bytes above which `send` is refused with `overflow`. Default: `67108864`. */
  sendCap?: number;
  /** Unsent bytes above which `send` answers `Busy`. Default: `1048576`. */
  sendHigh?: number;
}

/** The topics of StreamElements Astro that are known. New ones appear without notice. */
export type KnownAstroTopic =
  | 'channel.activities'
  | 'channel.session.update'
  | 'channel.session.reset'
  | 'channel.stream.status'
  | 'channel.tips'
  | 'channel.tips.moderation'
  | 'channel.chat.message'
  | 'channel.contests'
  | 'channel.giveaways'
  | 'channel.songrequest'
  | 'channel.overlay.action'
  | 'channel.overlay.broadcast'
  | 'channel.overlay.update'
  | 'channel.kvstore.update'
  | 'channel.chatbot.status'
  | 'channel.chatbot.counters'
  | 'channel.chatbot.modules.pyramid'
  | 'channel.chatbot.modules.emotecombo'
  | 'channel.chatbot.audiencequeue'
  | 'channel.chatbot.timeout'
  | 'channel.chatbot.modules'
  | 'channel.chatbot.commands'
  | 'channel.chatbot.timers'
  | 'channel.chatbot.filters'
  | 'channel.announcements'
  | 'channel.chatstats'
  | 'channel.loyalty.redemptions'
  | 'channel.loyalty.items';
