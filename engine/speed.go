package engine

// Speed is what bounds a transfer's rate just now.
type Speed struct {
	// Reason is empty where there is nothing to say.
	Reason SpeedReason
	// Peer is the computer that the reason is about, where it is about one.
	Peer string
	// Relay is a TURN URI, with SpeedRelayed and SpeedRelayLimit.
	Relay string
	// Limit is in bytes a second, with the limits.
	Limit int64
}

// SpeedReason names what bounds a rate.
type SpeedReason string

// The reasons, the first that applies.
const (
	// SpeedPreparing: files are hashed, here or, with Peer, by the sender.
	SpeedPreparing SpeedReason = "preparing"
	// SpeedAsking: relayed bytes wait for the user's answer, here or, with Peer, there.
	SpeedAsking SpeedReason = "asking"
	// SpeedWaiting: nobody else is there. SpeedConnecting: a peer was found.
	SpeedWaiting    SpeedReason = "waiting"
	SpeedConnecting SpeedReason = "connecting"
	// SpeedPathChanging: the path was lost or is being changed.
	SpeedPathChanging SpeedReason = "path-changing"
	// SpeedRelayLimit: the user's own limit of relayed bytes a second.
	SpeedRelayLimit SpeedReason = "relay-limit"
	// SpeedOwnLimit, SpeedTheirLimit: a limit of the settings here, or there.
	SpeedOwnLimit   SpeedReason = "own-limit"
	SpeedTheirLimit SpeedReason = "their-limit"
	// SpeedRelayed: a relay carries the bytes.
	SpeedRelayed SpeedReason = "relayed"
	// SpeedNothingMissing: the peers have what there is.
	SpeedNothingMissing SpeedReason = "nothing-missing"
	// SpeedNetwork: as fast as the direct path and the computers allow.
	SpeedNetwork SpeedReason = "network"
)
