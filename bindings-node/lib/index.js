'use strict';

const { Astro } = require('./astro.js');
const { GraphQL, Operation } = require('./graphql.js');
const { Message } = require('./message.js');
const { Raw } = require('./raw.js');
const { GroupStream, WebPubSub } = require('./webpubsub.js');
const errors = require('./errors.js');

module.exports = {
  Astro,
  GraphQL,
  GroupStream,
  Message,
  Operation,
  Raw,
  WebPubSub,
  AnswerTimeoutError: errors.AnswerTimeoutError,
  ClosedError: errors.ClosedError,
  GatewayError: errors.GatewayError,
  OptionError: errors.OptionError,
  OutcomeUnknownError: errors.OutcomeUnknownError,
  ProviderError: errors.ProviderError,
  QueueFullError: errors.QueueFullError,
  TopicwireError: errors.TopicwireError,
  TransportError: errors.TransportError,
  UsageError: errors.UsageError,
};
