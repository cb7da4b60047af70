// The same instance as `require('topicwire')`, so that `instanceof` holds whichever way a program came.
import topicwire from './index.js';

export const {
  Astro,
  GraphQL,
  GroupStream,
  Message,
  Operation,
  Raw,
  WebPubSub,
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
} = topicwire;
export default topicwire;
