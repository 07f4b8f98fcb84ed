package engine

import (
	"encoding/binary"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/causeway-app/causeway/engine/invite"
	"github.com/causeway-app/causeway/engine/link"
	"github.com/causeway-app/causeway/engine/netcheck"
	"github.com/causeway-app/causeway/engine/path"
	"github.com/causeway-app/causeway/engine/settings"
	"github.com/causeway-app/causeway/engine/watch"
)

// crowd is an owner with 500 transfers, and 200 peers in the first of them.
func crowd(t testing.TB) *owner {
	t.Helper()
	var state watch.Value[State]
	config := Config{Settings: settings.Default(), StateDir: t.TempDir(), Client: "Causeway test", NoLAN: true}
	config.Logger = slog.New(slog.DiscardHandler)
	o, err := newOwner(config, &state)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { o.swarm.Close() })
	now := time.Now()
	for n := range 500 {
		invitation := invite.Invitation{Secret: invite.NewSecret()}
		keys := invitation.Secret.Keys()
		o.transfers = append(o.transfers, &transfer{
			id: transferID(keys.Room), text: invitation.String(), keys: keys,
			record:  &record{Direction: Send, Name: fmt.Sprint("share ", n), Total: 1 << 30, Files: 7, Added: now, Folder: "/home/ada"},
			members: map[link.Identity]*member{}, served: map[link.Identity]bool{},
		})
	}
	first := o.transfers[0]
	for n := range 200 {
		var identity link.Identity
		binary.BigEndian.PutUint32(identity[:], uint32(n+1))
		p := &peerLink{
			identity: identity, id: identity.String(), wasUp: true, counted: map[string]int64{},
			fingerprint: fingerprint(identity, o.dialer.Identity()),
			findings:    netcheck.Findings{UDP: netcheck.Open, Mapping: netcheck.EndpointIndependent},
		}
		p.status = link.Status{
			Up: true, Path: path.DirectInternet, Lane: path.WebRTC, Since: now, RTT: 20 * time.Millisecond,
			Local:  path.Candidate{Type: path.Host, Address: "192.168.1.7:40000", Protocol: "udp"},
			Remote: path.Candidate{Type: path.ServerReflexive, Address: fmt.Sprintf("203.0.113.7:%d", 2000+n), Protocol: "udp"},
			Relays: []link.RelayUse{{Server: "turn:relay.example:3478?transport=udp", Since: now, Released: now}},
		}
		for at := range 8 {
			p.status.Ledger = append(p.status.Ledger, link.Entry{Path: path.Relayed, Lane: path.WebRTC, Relay: "turn:relay.example", Since: now, In: int64(at)})
			p.status.Timeline = append(p.status.Timeline, link.Event{Time: now, Kind: link.PathSelected, Path: path.Relayed})
		}
		p.recollect()
		o.links[identity] = p
		first.members[identity] = &member{
			transfer: first, link: p, joined: now, greeted: true, progress: 0.5,
			hello: hello{Preparing: -1, Computer: fmt.Sprint("computer ", n), Client: "Causeway 0.1.0"},
		}
	}
	return o
}

// moves lets bytes go to every peer.
func (o *owner) moves(now time.Time, more int64) {
	for _, m := range o.transfers[0].members {
		m.past.out += more
		m.past.lan += more
		m.out.add(now, m.past.out)
	}
	o.measureFlow()
}

// BenchmarkPublish is what a State costs with many transfers and peers, while
// bytes move and while nothing does.
func BenchmarkPublish(b *testing.B) {
	b.Run("moving", func(b *testing.B) {
		o := crowd(b)
		now := time.Now()
		for b.Loop() {
			now = now.Add(busyPeriod)
			o.moves(now, 1000)
			o.publish()
		}
	})
	b.Run("idle", func(b *testing.B) {
		o := crowd(b)
		for b.Loop() {
			o.publish()
		}
	})
}
