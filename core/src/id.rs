//! Names for things. All of them are plain numbers, unique for the life of one client and never reused.

macro_rules! id {
    ($(#[$meta:meta])* $name:ident) => {
        $(#[$meta])*
        #[derive(
            Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, serde::Serialize, serde::Deserialize,
        )]
        #[serde(transparent)]
        #[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
        pub struct $name(pub u64);
    };
}

id!(
    /// A request, chosen by the caller (below 2⁵³, so that every language can hold it).
    RequestId
);
id!(
    /// A subscription. It is the number of the request that made it.
    SubscriptionId
);
id!(
    /// One socket.
    LinkId
);
id!(
    /// What a user thinks of as "the connection"; it lives through many sockets.
    RouteId
);
id!(
    /// What the server knows as one subscription; several of the user's may share it.
    KeyId
);
id!(
    /// Place in the client-wide order of events.
    Seq
);
id!(
    /// Which connection of a client: 1, 2, …
    Connection
);
id!(
    /// A frame handed to a link; grows by one a frame.
    Ticket
);
id!(
    /// One HTTP request.
    HttpId
);
id!(
    /// A queue of events that one consumer owns.
    LaneId
);

impl From<RequestId> for SubscriptionId {
    fn from(request: RequestId) -> Self {
        Self(request.0)
    }
}
