const { WebSocket } = require("ws");
const config = require("./config.json"); //store OAuth token

const bitqueryConnection = new WebSocket(
  "wss://streaming.bitquery.io/graphql?token=" + config.oauthtoken,
  ["graphql-ws"]
);

bitqueryConnection.on("open", () => {
  console.log("Connected to Bitquery.");

  // Send initialization message (connection_init)
  const initMessage = JSON.stringify({ type: "connection_init" });
  bitqueryConnection.send(initMessage);
});

bitqueryConnection.on("message", (data) => {
  const response = JSON.parse(data);

  switch (response.type) {
    case "connection_ack":
      console.log("Connection acknowledged by server.");

      // Send subscription message
      const subscriptionMessage = JSON.stringify({
        type: "start",
        id: "1",
        payload: {
          query: `
            subscription {
              Tron(mempool: true) {
                Transfers {
                  Transfer {
                    Sender
                    Receiver
                    Amount
                    AmountInUSD
                    Currency {
                      Symbol
                    }
                  }
                }
              }
            }
          `,
        },
      });

      bitqueryConnection.send(subscriptionMessage);
      console.log("Subscription message sent.");

      // Automatically close the connection after 10 seconds
      setTimeout(() => {
        console.log("Closing WebSocket connection after 10 seconds.");
        
        // Send complete message to properly terminate subscription before closing
        if (bitqueryConnection.readyState === WebSocket.OPEN) {
          const completeMessage = {
            type: "complete",
            id: "1"
          };
          bitqueryConnection.send(JSON.stringify(completeMessage));
          console.log("Complete message sent for subscription termination.");
        }
        
        bitqueryConnection.close();
      }, 10000);
      break;

    case "data":
      console.log("Received data from Bitquery:", response.payload.data);
      break;

    case "ka":
      console.log("Keep-alive message received.");
      break;

    case "error":
      console.error("Error message received:", response.payload.errors);
      break;

    default:
      console.warn("Unhandled message type:", response.type);
  }
});

bitqueryConnection.on("close", () => {
  // Send complete message to properly terminate subscription before closing
  if (bitqueryConnection.readyState === WebSocket.OPEN) {
    const completeMessage = {
      type: "complete",
      id: "1"
    };
    bitqueryConnection.send(JSON.stringify(completeMessage));
    console.log("Complete message sent for subscription termination.");
  }
  
  console.log("Disconnected from Bitquery.");
});

bitqueryConnection.on("error", (error) => {
  console.error("WebSocket Error:", error);
});
