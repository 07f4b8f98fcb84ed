package netcheck

import (
	"context"
	"crypto/x509"
	"log/slog"
	"time"

	"github.com/causeway-app/causeway/engine/path"
	"github.com/causeway-app/causeway/engine/portmap"
	"github.com/causeway-app/causeway/engine/watch"
)

// Server is a TURN server with the credentials that it is asked with.
type Server struct {
	// URL is a turn: or turns: URI (RFC 7065).
	URL string
	// Username and Password are long-term credentials, ready to use: whoever
	// asks makes time-limited ones.
	Username, Password string
	// Realm is the one that the credentials are known to be for; empty: not
	// known. It is only compared with what the server announces.
	Realm string
}

// Config is what a Check looks at.
type Config struct {
	// STUN are stun: URIs (RFC 7064). Two of them tell the mapping behaviour.
	STUN []string
	TURN []Server
	// Policy is told to peers with the findings. Under path.LANOnly nothing
	// outside the own network is asked.
	Policy path.Policy
	// Router is the search for port mapping; nil: it is not looked at.
	Router *watch.Value[portmap.Status]
	// Throughput is how long each TURN server's throughput is measured; 0 means
	// 2 s, a negative time leaves that stage out.
	Throughput time.Duration
	// OnStage is called as each stage of a TURN server's test ends, from one
	// goroutine at a time; nil where nobody looks.
	OnStage func(url string, s StageResult)
	// Captive is an http: URL that answers 204 and nothing else; empty: captive
	// networks are not looked for.
	Captive string
	// Rendezvous are ws: and wss: URLs. They are only connected to, which tells
	// a network that blocks UDP from one that is cut off.
	Rendezvous []string
	// Logger gets what an expert wants to know; nil is silent.
	Logger *slog.Logger

	// roots sign servers' certificates; nil: those of the system.
	roots *x509.CertPool
	// patience is how long servers may be silent; nil: patient.
	patience pace
}

// Options are how a TURN server is tested.
type Options struct {
	// Throughput is as in Config.
	Throughput time.Duration
	// OnStage is called as each stage ends, on the goroutine of TestTURN.
	OnStage func(StageResult)
	// Logger gets what an expert wants to know; nil is silent.
	Logger *slog.Logger

	// roots sign servers' certificates; nil: those of the system.
	roots *x509.CertPool
	// patience is how long the server may be silent; nil: patient.
	patience pace
	// short leaves out all between the allocation and its release.
	short bool
	// turn is held while throughput is measured, lest two measure each other.
	turn chan struct{}
}

// Check looks at the network and at every server at the same time. It takes at
// most about 8 s where servers are dead, and under half a second and the time
// of Throughput where all answer. It ends early with ctx; the report then holds
// what was found so far.
func Check(ctx context.Context, config Config) Report {
	return newCheck(config).run(ctx)
}
