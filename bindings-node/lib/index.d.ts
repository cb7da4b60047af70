/** One client for realtime gateways: StreamElements Astro, GraphQL over WebSocket, Azure Web PubSub, and any WebSocket server. */

import type { AstroSettings, GraphQLSettings, KnownAstroTopic, RawSettings, WebPubSubSettings } from './options.js';

export type { ConnectionOptions, QueueOptions, ReconnectOptions } from './options.js';

/** A topic of Astro. Editors complete the known ones; others are as good. */
export type AstroTopic = KnownAstroTopic | (string & {});

/** The state of a client. */
export type ClientState =
  | 'idle'
  | 'connecting'
  | 'awaiting_welcome'
  | 'active'
  | 'handing_over'
  | 'recovering'
  | 'backoff'
  | 'closing'
  | 'closed'
  | (string & {});

interface Base {
  /** Its place in the client-wide order of events. */
  readonly seq: number;
}

/** A message of the gateway. Its payload is decoded when it is first looked at. */
export class Message implements Base {
  private constructor();
  readonly kind: 'message';
  readonly seq: number;
  /** The topic, where the gateway has topics. */
  readonly topic: string | null;
  /** The room, group or channel. */
  readonly room: string | null;
  /** The gateway's id of the message. */
  readonly id: string | null;
  /** When the gateway published it, as it wrote it. */
  readonly time: string | null;
  /** When it arrived, in milliseconds since the Unix epoch. */
  readonly receivedAt: number;
  /** Which connection of the client brought it, counted from 1. */
  readonly connection: number;
  /** The subscriptions that it belongs to. */
  readonly subscriptions: readonly number[];
  /** What the payload is. */
  readonly payloadKind: 'json' | 'text' | 'binary' | 'json_string';
  /** The payload as it was sent. */
  readonly raw: Buffer;
  /** The payload as text. */
  readonly text: string;
  /** The payload, decoded. Throws a `SyntaxError` for JSON that is none. */
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  readonly data: any;
  /**
   * The payload as what it means, under steady names whichever of its shapes the gateway sent; null where there is no such view.
   * `kind` says what it is: `tip`, `activity`, `session_update`, … Amounts are decimal texts.
   */
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  readonly typed: any;
}

/** The client's state changed. */
export interface StateEvent extends Base {
  readonly kind: 'state';
  readonly from: ClientState;
  readonly to: ClientState;
  readonly cause: TopicwireError | null;
}

/** A connection is open and greeted. */
export interface OpenedEvent extends Base {
  readonly kind: 'opened';
  readonly connection: number;
  readonly protocol: string | null;
  readonly status: number;
  readonly resumed: boolean;
  readonly greeting: Buffer | null;
  readonly headers: ReadonlyArray<readonly [string, string]>;
}

/** A subscription is live. */
export interface SubscribedEvent extends Base {
  readonly kind: 'subscribed';
  readonly subscription: number;
  /** It had been live before. */
  readonly recovered: boolean;
  /** The gateway said so; otherwise nothing speaks against it. */
  readonly confirmed: boolean;
}

/** A subscription was ended by the user. */
export interface UnsubscribedEvent extends Base {
  readonly kind: 'unsubscribed';
  readonly subscription: number;
}

/** A subscription was ended by the gateway, or given up. */
export interface EndedEvent extends Base {
  readonly kind: 'ended';
  readonly subscription: number;
  readonly outcome: 'completed' | 'failed' | 'stopped' | 'lost' | (string & {});
  readonly error: TopicwireError | null;
}

/** Messages of these subscriptions may have been missed. */
export interface GapEvent extends Base {
  readonly kind: 'gap';
  readonly subscriptions: readonly number[];
  readonly since: Date;
  /** Null when nobody waits for the end of it. */
  readonly until: Date | null;
  readonly cause: TopicwireError | null;
}

/** Messages were dropped here, since the program reads too slowly. */
export interface LaggedEvent extends Base {
  readonly kind: 'lagged';
  readonly first: number;
  readonly last: number;
  readonly count: number;
}

/** Something went wrong that does not end the client. */
export interface FaultEvent extends Base {
  readonly kind: 'fault';
  readonly fault: string;
  readonly subscription: number | null;
  readonly count: number;
  readonly error: TopicwireError | null;
}

/** A WebSocket ping or pong, for clients that asked to see them. */
export interface ControlEvent extends Base {
  readonly kind: 'ping' | 'pong';
  readonly payload: Buffer;
}

/** The end of the client. */
export interface ClosedEvent extends Base {
  readonly kind: 'closed';
  readonly received: { readonly code: number; readonly reason: string } | null;
  readonly sent: { readonly code: number; readonly reason: string } | null;
  readonly receivedFirst: boolean;
  readonly clean: boolean;
  readonly cause: TopicwireError | null;
}

/** A kind of event that this version does not know. */
export interface UnknownEvent extends Base {
  readonly kind: 'unknown';
  readonly number: number;
}

/** What happens, told apart by `kind`. */
export type Event =
  | Message
  | StateEvent
  | OpenedEvent
  | SubscribedEvent
  | UnsubscribedEvent
  | EndedEvent
  | GapEvent
  | LaggedEvent
  | FaultEvent
  | ControlEvent
  | UnknownEvent;

interface Named {
  message: Message;
  state: StateEvent;
  opened: OpenedEvent;
  subscribed: SubscribedEvent;
  unsubscribed: UnsubscribedEvent;
  ended: EndedEvent;
  gap: GapEvent;
  lagged: LaggedEvent;
  fault: FaultEvent;
  ping: ControlEvent;
  pong: ControlEvent;
  closed: ClosedEvent;
}

/** What a provider is asked for. */
export interface TokenRequest {
  /** The credential's name; `default` is the client's own. */
  readonly credential: string;
  /** `rejected` when the gateway refused the last one: then do not answer from a cache. */
  readonly reason: 'initial' | 'reconnect' | 'rejected' | (string & {});
  readonly gatewayCode: string | null;
  /** Aborted when the answer is no longer wanted. */
  readonly signal: AbortSignal;
}

/** A credential with the time for which it is known to be good. */
export interface Token {
  readonly value: string;
  readonly validForMs?: number;
}

/** A credential, or a function that fetches one. */
export type TokenSource = string | ((request: TokenRequest) => string | Token | Promise<string | Token>);

/** Options of `Astro`. docs/options.md has them too, in snake_case. */
export interface AstroOptions extends AstroSettings {
  /** The credential that subscriptions are made with. */
  token?: TokenSource;
  /** Further credentials by name, for subscriptions that name one. */
  credentials?: Record<string, TokenSource>;
  /** The gateway's address. Default: StreamElements' own. */
  url?: string;
}

/** Options of `GraphQL`. docs/options.md has them too, in snake_case. */
export interface GraphQLOptions extends GraphQLSettings {
  /** The credential, if the server wants one. */
  token?: TokenSource;
}

/** Options of `Raw`. docs/options.md has them too, in snake_case. */
export type RawOptions = RawSettings;

/** Options of `WebPubSub`. docs/options.md has them too, in snake_case. */
export type WebPubSubOptions = WebPubSubSettings;

/** What can be given wherever there is waiting. */
export interface Waiting {
  signal?: AbortSignal;
}

/** What a stream hears, and what becomes of events when it is read too slowly. */
export interface Wanted {
  topics?: readonly string[];
  rooms?: readonly string[];
  kinds?: ReadonlyArray<Event['kind']>;
  /** `drop_oldest` (and say `lagged`) unless another is given; `block` holds the sender back. */
  overflow?: 'drop_oldest' | 'drop_newest' | 'close' | 'block';
  /** Ends the stream; its loop throws the reason. */
  signal?: AbortSignal;
}

/** What every client has. */
export abstract class Client implements AsyncDisposable {
  /** How it ended; null while it lives. */
  readonly closed: ClosedEvent | null;
  readonly state: ClientState;
  readonly stats: { messages: number; filtered: number; duplicates: number; faults: number };
  /** Connects. Resolves when the gateway has greeted; goes on trying until then. */
  connect(about?: Waiting): Promise<void>;
  /** Ends the client politely. */
  close(code?: number, reason?: string): Promise<void>;
  /** Ends the client at once. */
  abort(): void;
  /** Keeps the process alive while the client is open, which is so by itself. */
  ref(): this;
  /** Lets the process end though the client is open. */
  unref(): this;
  /** Registers a function for a kind of event, or for the messages of a topic. */
  on<K extends keyof Named>(kind: K, listener: (event: Named[K]) => void): this;
  on(topic: AstroTopic, listener: (message: Message) => void): this;
  once<K extends keyof Named>(kind: K, listener: (event: Named[K]) => void): this;
  once(topic: AstroTopic, listener: (message: Message) => void): this;
  off(name: string, listener: (...event: never[]) => void): this;
  /** A stream of its own, which hears what comes from now on. Leaving the loop closes it. */
  stream(wanted?: Wanted): AsyncGenerator<Event, void, void>;
  /** The same in arrays of up to 256 events, for who needs the speed. */
  batches(wanted?: Wanted): AsyncGenerator<Event[], void, void>;
  [Symbol.asyncIterator](): AsyncGenerator<Event, void, void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** A subscription to a topic. */
export interface Subscription {
  readonly id: number;
  readonly topic: string;
  readonly room: string | null;
}

/** Listens to StreamElements Astro. */
export class Astro extends Client {
  constructor(options?: AstroOptions);
  subscribe(topic: AstroTopic, about?: Waiting & { room?: string; noRoom?: boolean; credential?: string }): Promise<Subscription>;
  unsubscribe(subscription: Pick<Subscription, 'id'>, about?: Waiting): Promise<void>;
  unsubscribeAll(topic: AstroTopic, about?: Waiting): Promise<void>;
}

/** What is sent: `json` for anything that JSON can say, `text`, `binary`, or `protobuf` (a serialised `google.protobuf.Any`). */
export type DataType = 'json' | 'text' | 'binary' | 'protobuf';

/** A client access URL, or a function that fetches one from your server. It is asked whenever a new session begins. */
export type AccessUrl = string | URL | ((request: TokenRequest) => string | URL | Promise<string | URL>);

/** How the service acknowledged a command. */
export interface Acknowledgement {
  /** The number under which it was done, in however many attempts. */
  readonly ackId: number;
  /** The service had done it before, in an attempt whose acknowledgement was lost. */
  readonly isDuplicated: boolean;
}

/** What an invocation answered. */
export interface Invoked {
  readonly dataType: DataType;
  /** What JSON says, a string, or a Buffer. */
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  readonly data: any;
}

/** The topics of a hub's messages. */
export type HubTopic = 'group' | 'server' | 'stream' | 'group_state';

interface Session {
  /** A session has begun; `greeting` has connection and user id as JSON. */
  connected: OpenedEvent;
  /** The connection was lost, and the session is to be taken up again. */
  recovering: StateEvent;
  /** The session goes on where it was: nothing was missed. */
  recovered: StateEvent;
  /** A session is over and another is to begin; `cause` has the close code and reason, if the service gave them. */
  disconnected: StateEvent;
  /** The client has ended. */
  stopped: ClosedEvent;
  /** What was sent to a group; `room` is the group. */
  'group-message': Message;
  /** What the application's server sent. */
  'server-message': Message;
}

/**
 * Joins groups of an Azure Web PubSub hub, sends to them, and raises events of an application.
 *
 * A message's `topic` is `group`, `server`, `stream` or `group_state`, its `room` the group, and its `id` the number that the reliable subprotocols
 * give it. With `envelopes: true` its `data` is everything that is known of it: `from_user_id`, `data_type`, `data`, …
 */
export class WebPubSub extends Client {
  constructor(url: AccessUrl, options?: WebPubSubOptions);
  on<K extends keyof Session>(name: K, listener: (event: Session[K]) => void): this;
  on<K extends keyof Named>(kind: K, listener: (event: Named[K]) => void): this;
  on(topic: HubTopic, listener: (message: Message) => void): this;
  once<K extends keyof Session>(name: K, listener: (event: Session[K]) => void): this;
  once<K extends keyof Named>(kind: K, listener: (event: Named[K]) => void): this;
  once(topic: HubTopic, listener: (message: Message) => void): this;
  /** Ends the client, in whatever state it is; the service forgets the session. */
  stop(): Promise<void>;
  /** Joins a group, to hear what is sent to it. It is joined again whenever another session begins. Rejects with what the service said. */
  joinGroup(group: string, about?: Waiting): Promise<Subscription>;
  /** Leaves a group, however often it was joined. */
  leaveGroup(group: string, about?: Waiting): Promise<void>;
  /**
   * Sends to everybody in a group, which one need not be in oneself. Without a type a string is text, bytes are binary, anything else is JSON.
   * `metadata` is said beside the data, and `ttlSeconds`, up to 300, is for how long a copy that could not be delivered is worth delivering: both over
   * the JSON subprotocols only.
   * Resolves with the acknowledgement, or with null once it is written if it is to be fired and forgotten. Rejects with what the service said, and with
   * `OutcomeUnknownError` when the session was lost in between.
   */
  sendToGroup(
    group: string,
    content: unknown,
    dataType?: DataType,
    about?: Waiting & { noEcho?: boolean; fireAndForget?: boolean; metadata?: Record<string, string>; ttlSeconds?: number },
  ): Promise<Acknowledgement | null>;
  /** Raises an event of the application's server. What it answers comes as a message of the topic `server`. */
  sendEvent(event: string, content: unknown, dataType?: DataType, about?: Waiting & { fireAndForget?: boolean; metadata?: Record<string, string> }): Promise<Acknowledgement | null>;
  /** Raises an event and resolves with its result. It is sent once; aborting tells the service. JSON subprotocols only. */
  invoke(event: string, content?: unknown, dataType?: DataType, about?: Waiting): Promise<Invoked>;
  /** Sends a message in simple mode, which has nothing else. */
  send(payload: string | Buffer | ArrayBuffer | ArrayBufferView, about?: Waiting): Promise<void>;
  /** Begins a stream to a group. */
  startStream(group: string, about?: Waiting & { streamId?: string; idleTimeoutMs?: number; noEcho?: boolean }): Promise<GroupStream>;
  /** Sets what others see of this connection in a group; null clears it. */
  setGroupState(group: string, state: Record<string, string> | null, about?: Waiting): Promise<void>;
  /** Hears of the state of everybody in a group: messages of the topic `group_state`. */
  subscribeGroupState(group: string, about?: Waiting): Promise<void>;
  /** Hears of it no more. */
  unsubscribeGroupState(group: string, about?: Waiting): Promise<void>;
}

/** A stream to a group: fragments that arrive in order, each acknowledged. It survives the connection, and ends with the session. */
export class GroupStream implements AsyncDisposable {
  private constructor();
  readonly group: string;
  readonly id: string;
  /** Sends the next fragment, and resolves when the service has it. Up to 256 may wait. */
  send(content: unknown, dataType?: DataType, about?: Waiting): Promise<void>;
  /** Ends the stream; with `error`, early. The second time it resolves, or rejects, as the first did. */
  end(about?: Waiting & { error?: string; errorCode?: string }): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** The result of a GraphQL document. */
export interface ExecutionResult {
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  data?: any;
  errors?: ReadonlyArray<{ message: string; [more: string]: unknown }>;
  extensions?: Record<string, unknown>;
}

/** The results of an operation, in order. */
export class Operation implements AsyncDisposable {
  private constructor();
  readonly id: number;
  /** Ends the operation on the server too. */
  close(): void;
  /** Results, and gaps and the like among them. */
  events(): AsyncGenerator<Event, void, void>;
  [Symbol.asyncIterator](): AsyncGenerator<Message, void, void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** Runs GraphQL subscriptions, queries and mutations over a WebSocket. */
export class GraphQL extends Client {
  constructor(url: string | URL, options?: GraphQLOptions);
  subscribe(query: string, variables?: object, about?: Waiting & { operationName?: string; extensions?: object; dataTimeoutMs?: number }): Operation;
  execute(query: string, variables?: object, about?: Waiting & { operationName?: string; extensions?: object }): Promise<ExecutionResult | null>;
}

/** Sends and receives messages over a plain WebSocket. */
export class Raw extends Client {
  constructor(url: string | URL, options?: RawOptions);
  send(payload: string | Buffer | ArrayBuffer | ArrayBufferView, about?: Waiting): Promise<void>;
  ping(payload?: Uint8Array, about?: Waiting): Promise<Buffer>;
}

/** Anything that Topicwire throws, and what events carry as `cause` and `error`. */
export class TopicwireError extends Error {
  /** The stable code, the same in every language. */
  readonly code: string;
  readonly gatewayCode: string | null;
  readonly gatewayText: string | null;
  /** Whether the same thing tried again may succeed. */
  readonly retryable: boolean;
}
export class AnswerTimeoutError extends TopicwireError {}
export class ClosedError extends TopicwireError {}
export class GatewayError extends TopicwireError {}
export class OutcomeUnknownError extends TopicwireError {}
export class ProviderError extends TopicwireError {}
export class QueueFullError extends TopicwireError {}
export class TransportError extends TopicwireError {}
export class UsageError extends TopicwireError {}
/** An option or an argument cannot work; the text names it. */
export class OptionError extends TypeError {
  readonly code: 'invalid_option';
  readonly retryable: false;
}
