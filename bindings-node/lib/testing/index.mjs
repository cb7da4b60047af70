// The same classes as `require` gives, so that `instanceof` holds in programs that use both.
import testing from './index.js';

export const { DEFAULT_ROOM, LocalGateway, LocalGatewayError } = testing;
