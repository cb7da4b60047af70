'use strict';

/** Anything that Topicwire throws, and what events carry as `cause` and `error`. */
class TopicwireError extends Error {
  /**
   * @param {string} message
   * @param {{ code?: string, gatewayCode?: string | null, gatewayText?: string | null, retryable?: boolean, cause?: unknown }} [about]
   */
  constructor(message, about = {}) {
    super(message, about.cause === undefined ? undefined : { cause: about.cause });
    /** The stable code, the same in every language. */
    this.code = about.code ?? 'internal';
    /** The gateway's own code, as it was sent. */
    this.gatewayCode = about.gatewayCode ?? null;
    /** The gateway's own text, as it was sent. */
    this.gatewayText = about.gatewayText ?? null;
    /** Whether the same thing tried again may succeed. */
    this.retryable = about.retryable ?? false;
  }

  get name() {
    return this.constructor.name;
  }
}

/** The gateway said no: `unauthorized`, `refused`, `rate_limited`, `gateway_error`. */
class GatewayError extends TopicwireError {}
/** The connection could not be made, or broke. */
class TransportError extends TopicwireError {}
/** No answer came in time. */
class AnswerTimeoutError extends TopicwireError {}
/** A queue is full. */
class QueueFullError extends TopicwireError {}
/** A command may or may not have been carried out. */
class OutcomeUnknownError extends TopicwireError {}
/** The client is closed, or the request was taken back. */
class ClosedError extends TopicwireError {}
/** The program's own provider of a credential failed. */
class ProviderError extends TopicwireError {}
/** A call that cannot work here. */
class UsageError extends TopicwireError {}

/** An option or an argument cannot work; it is named in the text. Nothing was opened. */
class OptionError extends TypeError {
  /** @param {string} message */
  constructor(message) {
    super(message);
    this.code = 'invalid_option';
    this.retryable = false;
  }

  get name() {
    return 'OptionError';
  }
}

/** @type {Record<string, typeof TopicwireError>} */
const CLASSES = {
  unsupported: UsageError,
  unauthorized: GatewayError,
  refused: GatewayError,
  rate_limited: GatewayError,
  gateway_error: GatewayError,
  timeout: AnswerTimeoutError,
  connection_failed: TransportError,
  handshake_failed: TransportError,
  connection_lost: TransportError,
  stale: TransportError,
  protocol_error: TransportError,
  too_large: TransportError,
  overflow: QueueFullError,
  outcome_unknown: OutcomeUnknownError,
  closed: ClosedError,
  cancelled: ClosedError,
  provider_failed: ProviderError,
  provider_timeout: ProviderError,
  provider_reentrant: UsageError,
  forked: UsageError,
  wrong_loop: UsageError,
  concurrency: UsageError,
};

/**
 * The error for what the core said.
 * @param {{ code: string, message: string, gatewayCode: string | null, gatewayText: string | null, retryable: boolean }} said
 */
function fromCore(said) {
  const text = [said.gatewayCode, said.gatewayText].filter(Boolean).join(', ');
  const message = text ? `${said.message} (gateway: ${text})` : said.message;
  return new (CLASSES[said.code] ?? TopicwireError)(message, said);
}

/**
 * Calls the addon. What it throws is JSON, of which one of our errors is made.
 * @template T
 * @param {() => T} call
 * @returns {T}
 */
function calling(call) {
  try {
    return call();
  } catch (thrown) {
    const text = /** @type {Error} */ (thrown).message;
    if (!text.startsWith('{')) throw thrown;
    const said = JSON.parse(text);
    if (said.code === 'invalid_option') throw new OptionError(said.message);
    throw fromCore(said);
  }
}

module.exports = {
  AnswerTimeoutError,
  ClosedError,
  GatewayError,
  OptionError,
  OutcomeUnknownError,
  ProviderError,
  QueueFullError,
  TopicwireError,
  TransportError,
  UsageError,
  calling,
  fromCore,
};
