import WebSocket from './index.js';

export { WebSocket };
export default WebSocket;
