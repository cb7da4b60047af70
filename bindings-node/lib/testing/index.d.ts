/**
 * A gateway on this machine, to test programs with.
 *
 * It is the executable `topicwire` in a process of its own: it speaks the server side of every dialect, takes any token, and goes
 * wrong on request. docs/gateway.md describes everything that it can be asked for.
 *
 * ```js
 * import { LocalGateway } from 'topicwire/testing';
 *
 * const gateway = await LocalGateway.start();
 * // … let the program connect to gateway.astroUrl, gateway.graphqlUrl or gateway.rawUrl
 * await gateway.publish('channel.tips', { donation: { amount: 5 } });
 * await gateway.close();
 * ```
 *
 * @packageDocumentation
 */

/** The room of what is published without one, and of subscriptions whose token names none. */
export declare const DEFAULT_ROOM: string;

/** The gateway did not start, has ended, or refused what it was asked for; the message says which, and why. */
export declare class LocalGatewayError extends Error {
  readonly name: 'LocalGatewayError';
}

/** How to start a gateway. */
export interface LocalGatewayOptions {
  /** How it behaves, in the form of docs/gateway.md: `{ astro: { profile: 'legacy' } }`. */
  options?: Record<string, unknown>;
  /** Behave on `/graphql` as Bitquery does. Default: false. */
  bitquery?: boolean;
  /** Makes ids and resume tokens the same in every run. */
  seed?: number;
  /** The port on 127.0.0.1; 0, the default, for a free one. */
  port?: number;
  /** The executable, if not the one of this installation (or of the variable `TOPICWIRE_PROGRAM`). */
  program?: string;
  /** Milliseconds until it must be ready. Default: 30000. */
  readyTimeout?: number;
  /** Ends the wait, and the process. */
  signal?: AbortSignal;
}

/** How to wait. */
export interface WaitOptions {
  /** Milliseconds until the wait fails. Default: 10000. */
  timeout?: number;
  /** Ends the wait with the signal's reason. */
  signal?: AbortSignal;
}

/** What came of publishing a message. */
export interface Published {
  /** The id that the message got. */
  readonly id: string;
  /** How many connections it was sent to. */
  readonly receivers: number;
}

/** The name of a server side. */
export type Dialect = 'astro' | 'graphql' | 'webpubsub' | 'raw' | (string & {});

/** An open connection. */
export interface Connection {
  /** Its number, by which faults can be aimed at it: `target: { conn: 3 }`. */
  readonly conn: number;
  /** Which server side it talks to. */
  readonly dialect: Dialect;
  /** Path and query, with the values of the query masked. */
  readonly url: string;
  /** The agreed subprotocol. */
  readonly subprotocol: string | null;
  /** When it opened, milliseconds since the Unix epoch. */
  readonly opened_ms: number;
  /** Whether a close frame was sent and not answered yet. */
  readonly closing: boolean;
  /** Whether a fault keeps it silent. */
  readonly muted: boolean;
  /** Bytes that wait to be sent. */
  readonly buffered: number;
  /** Frames received from the client. */
  readonly frames_in: number;
  /** Frames sent to it. */
  readonly frames_out: number;
  /** Payload bytes received. */
  readonly bytes_in: number;
  /** Payload bytes sent. */
  readonly bytes_out: number;
  /** What the dialect knows: for Astro `client_id`, `resumed` and `subscriptions`, for GraphQL `operations`. */
  readonly state: Record<string, any>;
}

/** A line of the transcript. Tokens, credentials and e-mail addresses in it read `***`. */
export interface Entry {
  /** Counts from 1. */
  readonly seq: number;
  /** When, milliseconds since the Unix epoch on the gateway's clock. */
  readonly at_ms: number;
  /** The number of the connection. */
  readonly conn: number;
  /** From the client, to it, or no frame at all. */
  readonly direction: 'in' | 'out' | 'event';
  /** `text`, `binary`, `ping`, `pong`, `close`, `open`, `refuse`, … */
  readonly kind: string;
  /** The text; for binary frames their size, for events a few words. */
  readonly text: string;
}

/**
 * The server side of every dialect on a free port of this machine, in a process of its own.
 *
 * It ends when it is closed, and with this process, however that ends; it does not keep this process alive. Several can run at once.
 */
export declare class LocalGateway {
  private constructor();

  /**
   * Starts one, and resolves when it can be connected to.
   *
   * @throws {@link LocalGatewayError} when the executable is missing or did not become ready; the message says what to do.
   * @throws {@link TypeError} that names an option which makes no sense.
   */
  static start(options?: LocalGatewayOptions): Promise<LocalGateway>;

  /** The port on 127.0.0.1. */
  readonly port: number;
  /** The number of its process. */
  readonly pid: number;
  /** Where StreamElements Astro answers. */
  readonly astroUrl: string;
  /** Where GraphQL over WebSocket answers, in both subprotocols. */
  readonly graphqlUrl: string;
  /** Where an echo answers. */
  readonly rawUrl: string;

  /**
   * A client access URL of Azure Web PubSub, as the portal makes them.
   *
   * @param wanted the hub, the user, what the client may do (if nothing is said: join, leave and send to every group), groups that it is in from the start,
   * and for how long the URL lets it in
   */
  accessUrl(wanted?: { hub?: string; user?: string; roles?: readonly string[]; groups?: readonly string[]; minutes?: number }): Promise<string>;

  /**
   * Publishes to every Astro connection that subscribed to a topic of a room.
   *
   * @param data the payload, of anything that JSON can say
   * @param settings the room, if not {@link DEFAULT_ROOM}, and the id, if it is to be a duplicate of an earlier message
   */
  publish(topic: string, data: unknown, settings?: { room?: string; id?: string }): Promise<Published>;

  /** Sends a result to every running GraphQL operation with that root field. Resolves with how many there are. */
  publishGraphQL(field: string, data: unknown): Promise<number>;

  /** Sends JSON to everybody in a group of a Web PubSub hub, or with null to the whole hub. Resolves with how many there are. */
  publishToGroup(group: string | null, data: unknown, settings?: { hub?: string }): Promise<number>;

  /**
   * Lets something go wrong: `await gateway.fault('cut', { how: 'reset', target: 'newest' })`. docs/gateway.md lists the faults.
   *
   * Resolves with how many connections were hit at once; a fault that waits for what comes next has hit none yet.
   */
  fault(fault: string, settings?: Record<string, unknown>): Promise<number>;

  /** Takes every fault back that has not struck yet. */
  clearFaults(): Promise<void>;

  /** Asks Astro clients to move to another connection: `{ token: 'missing', twice: true }`. Resolves with how many were asked. */
  reconnect(settings?: Record<string, unknown>): Promise<number>;

  /** Changes how it behaves, in the form of docs/gateway.md; what is left out stays as it is. */
  setOptions(options: Record<string, unknown>): Promise<void>;

  /** The open connections, or those of one dialect. */
  connections(dialect?: Dialect): Promise<Connection[]>;

  /** Every frame in and out, secrets masked: all that is kept, or what came after the entry `since`. */
  transcript(since?: number): Promise<Entry[]>;

  /** What clients sent, oldest first, decoded as JSON (text that is none as it is); secrets read `***`. */
  sent(conn?: number): Promise<any[]>;

  /** A request of the control API of docs/gateway.md: `await gateway.control('clock', { advance_ms: 60_000 })`. */
  control(path: string, body?: unknown): Promise<any>;

  /** Waits until exactly so many connections are open. */
  waitForConnections(count: number, settings?: WaitOptions & { dialect?: Dialect }): Promise<Connection[]>;

  /** Waits until at least so many Astro connections have subscribed to a topic of a room. */
  waitForSubscribers(topic: string, settings?: WaitOptions & { room?: string; count?: number }): Promise<void>;

  /**
   * Waits until a client has sent something that matches, and resolves with the first that does.
   *
   * Something that `matches` cannot look into (it throws a `TypeError`) does not match.
   */
  waitForSent(matches: (message: any) => boolean, settings?: WaitOptions): Promise<any>;

  /** Ends it and all its connections. */
  close(): Promise<void>;

  [Symbol.asyncDispose](): Promise<void>;
}
