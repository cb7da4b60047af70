let ws = new WebSocket("<Client_URL_From_Portal>");
ws.onopen = () => {
    // Do things when the WebSocket connection is established
};

ws.onmessage = event => {
    // Do things when messages are received.
};
