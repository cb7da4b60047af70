'use strict';

/** A gateway on this machine, to test programs with. */

const { LocalGatewayError } = require('./error.js');
const { DEFAULT_ROOM, LocalGateway } = require('./local-gateway.js');

module.exports = { DEFAULT_ROOM, LocalGateway, LocalGatewayError };
