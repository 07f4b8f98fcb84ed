package engine

// Serving is the rendezvous and relay that this computer is for others.
type Serving struct {
	// Running is false while it is off, starting, or cannot run: then Problem
	// says why.
	Running bool
	Problem *Problem
	// Rendezvous, STUN and TURN are what others enter in their settings.
	Rendezvous, STUN, TURN []string
	// Allocations counts the relayed connections of now, Bytes what was relayed
	// since it runs.
	Allocations int
	Bytes       int64
}
