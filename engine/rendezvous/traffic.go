package rendezvous

import (
	"sync/atomic"
	"time"

	"golang.org/x/time/rate"
)

// Traffic is what a relay has carried, in bytes.
type Traffic struct {
	// BytesIn came from peers and was handed to the client, BytesOut came from
	// the client and was sent to peers. They are the payload of the peers' UDP
	// packets, without any header, STUN's and TURN's included. Where both ends
	// use this relay, each counts what the other sends once more.
	BytesIn, BytesOut uint64
	// FromClient and ToClient are all UDP or TCP payload between the client and
	// this server: what is above with the headers of TURN, requests and their
	// answers, and, of TLS, its records and handshake. They are what the
	// client's own socket has sent and received. By UDP they begin with the
	// answer that grants an allocation and end with the allocation, by TCP and
	// TLS they begin and end with the connection.
	FromClient, ToClient uint64
	// BytesDropped is payload in both directions that was not relayed, because
	// it exceeded TurnConfig.Rate or UserRate. It is in no other field but
	// FromClient.
	BytesDropped uint64
}

// tally counts Traffic.
type tally struct {
	in, out, fromClient, toClient, dropped atomic.Uint64
}

func (t *tally) traffic() Traffic {
	return Traffic{
		BytesIn:      t.in.Load(),
		BytesOut:     t.out.Load(),
		FromClient:   t.fromClient.Load(),
		ToClient:     t.toClient.Load(),
		BytesDropped: t.dropped.Load(),
	}
}

// throttle is a byte rate in each direction; the zero value lets all pass.
type throttle struct{ in, out *rate.Limiter }

// leastBurst is what may pass at once whatever the rate is: a window of a
// transport that has just begun.
const leastBurst = 64 << 10

func newThrottle(bytesPerSecond int64) throttle {
	if bytesPerSecond == 0 {
		return throttle{}
	}
	burst := int(min(max(bytesPerSecond/4, leastBurst), 1<<30))
	return throttle{
		in:  rate.NewLimiter(rate.Limit(bytesPerSecond), burst),
		out: rate.NewLimiter(rate.Limit(bytesPerSecond), burst),
	}
}

// passes reports whether a packet fits the limiters; nil ones fit all. Where
// the first lets it pass and the second does not, the first has counted it.
func passes(size int, limiters ...*rate.Limiter) bool {
	now := time.Now()
	for _, limiter := range limiters {
		if limiter != nil && !limiter.AllowN(now, size) {
			return false
		}
	}
	return true
}
