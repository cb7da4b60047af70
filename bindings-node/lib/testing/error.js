'use strict';

/** The gateway did not start, has ended, or refused what it was asked for; the message says which, and why. */
class LocalGatewayError extends Error {
  /**
   * @param {string} message
   * @param {ErrorOptions} [options]
   */
  constructor(message, options) {
    super(message, options);
    this.name = 'LocalGatewayError';
  }
}

module.exports = { LocalGatewayError };
