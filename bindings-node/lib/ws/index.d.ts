import { EventEmitter } from 'node:events';

declare namespace WebSocket {
  /** What arrives, as `binaryType` says. Texts are Buffers too. */
  type RawData = Buffer | ArrayBuffer | Buffer[] | Blob;
  type BufferLike = string | number | Buffer | ArrayBuffer | ArrayBufferView | Blob | readonly number[];

  /** Options of `ws` that this socket has. */
  interface ClientOptions {
    headers?: Record<string, string | readonly string[]>;
    origin?: string;
    /** Milliseconds. */
    handshakeTimeout?: number;
    /** Bytes; 100 MiB unless said otherwise, 0 for no limit. */
    maxPayload?: number;
    rejectUnauthorized?: boolean;
    allowSynchronousEvents?: boolean;
    /** Milliseconds. */
    closeTimeout?: number;
    /** Without effect: there is no compression. */
    perMessageDeflate?: boolean | object;
  }

  interface SocketEvent {
    readonly type: string;
    readonly target: WebSocket;
  }
  interface MessageEvent extends SocketEvent {
    readonly data: string | RawData;
  }
  interface CloseEvent extends SocketEvent {
    readonly code: number;
    readonly reason: string;
    readonly wasClean: boolean;
  }
  interface ErrorEvent extends SocketEvent {
    readonly error: Error;
    readonly message: string;
  }
  interface Response {
    readonly statusCode: number;
    readonly headers: Record<string, string>;
    readonly body?: Buffer;
  }
  interface Listeners {
    open: (event: SocketEvent) => void;
    message: (event: MessageEvent) => void;
    close: (event: CloseEvent) => void;
    error: (event: ErrorEvent) => void;
  }
}

/** A WebSocket with the interface of npm's `ws`. There is no compression, and no server. */
declare class WebSocket extends EventEmitter {
  static readonly CONNECTING: 0;
  static readonly OPEN: 1;
  static readonly CLOSING: 2;
  static readonly CLOSED: 3;
  static readonly WebSocket: typeof WebSocket;

  constructor(address: string | URL, options?: WebSocket.ClientOptions);
  constructor(address: string | URL, protocols?: string | readonly string[] | null, options?: WebSocket.ClientOptions);

  readonly CONNECTING: 0;
  readonly OPEN: 1;
  readonly CLOSING: 2;
  readonly CLOSED: 3;
  readonly readyState: 0 | 1 | 2 | 3;
  readonly url: string;
  readonly protocol: string;
  readonly extensions: string;
  readonly isPaused: boolean;
  readonly bufferedAmount: number;
  binaryType: 'nodebuffer' | 'arraybuffer' | 'fragments' | 'blob';
  onopen: WebSocket.Listeners['open'] | null;
  onmessage: WebSocket.Listeners['message'] | null;
  onclose: WebSocket.Listeners['close'] | null;
  onerror: WebSocket.Listeners['error'] | null;

  send(data: WebSocket.BufferLike, callback?: (error?: Error) => void): void;
  send(data: WebSocket.BufferLike, options: { binary?: boolean; fin?: boolean; compress?: boolean; mask?: boolean }, callback?: (error?: Error) => void): void;
  ping(data?: WebSocket.BufferLike, mask?: boolean, callback?: (error?: Error) => void): void;
  close(code?: number, reason?: string | Buffer): void;
  terminate(): void;
  pause(): void;
  resume(): void;
  addEventListener<K extends keyof WebSocket.Listeners>(
    type: K,
    listener: WebSocket.Listeners[K] | { handleEvent: WebSocket.Listeners[K] },
    options?: { once?: boolean },
  ): void;
  removeEventListener<K extends keyof WebSocket.Listeners>(type: K, listener: WebSocket.Listeners[K] | { handleEvent: WebSocket.Listeners[K] }): void;

  on(event: 'open', listener: (this: WebSocket) => void): this;
  on(event: 'message', listener: (this: WebSocket, data: WebSocket.RawData, isBinary: boolean) => void): this;
  on(event: 'close', listener: (this: WebSocket, code: number, reason: Buffer) => void): this;
  on(event: 'error', listener: (this: WebSocket, error: Error) => void): this;
  on(event: 'ping' | 'pong', listener: (this: WebSocket, data: Buffer) => void): this;
  on(event: 'upgrade', listener: (this: WebSocket, response: WebSocket.Response) => void): this;
  on(event: 'unexpected-response', listener: (this: WebSocket, request: object, response: WebSocket.Response) => void): this;
  on(event: string | symbol, listener: (...given: never[]) => void): this;
}

export = WebSocket;
