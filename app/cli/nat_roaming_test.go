//go:build lab

package main_test

import (
	"sync"
	"testing"
	"time"

	"github.com/causeway-app/causeway/engine/lab"
)

// roamersAtOnce bounds transfers that roam at the same time, which mostly wait.
const roamersAtOnce = 6

// TestNATTransferGoesOnInAnotherNetwork lets computers, and routers, get other
// addresses or lose their link, while the rendezvous is there: the transfer
// goes on by itself.
func TestNATTransferGoesOnInAnotherNetwork(t *testing.T) {
	t.Parallel()
	type home struct {
		*lab.Host
		router *lab.Router
	}
	stories := []struct {
		name string
		most time.Duration // without a byte
		roam func(alice, bob home)
	}{
		{"receiver in another network", 10 * time.Second, func(_, bob home) { bob.Readdress() }},
		{"sender in another network", 10 * time.Second, func(alice, _ home) { alice.Readdress() }},
		{"receiver's router has a new address", 10 * time.Second, func(_, bob home) { bob.router.Readdress() }},
		{"sender's router has a new address", 10 * time.Second, func(alice, _ home) { alice.router.Readdress() }},
		{"receiver's router restarts", 10 * time.Second, func(_, bob home) { bob.router.Restart() }},
		{"sender's router restarts", 10 * time.Second, func(alice, _ home) { alice.router.Restart() }},
		{"both routers restart", 15 * time.Second, func(alice, bob home) {
			alice.router.Restart()
			bob.router.Restart()
		}},
		{"both in other networks", 15 * time.Second, func(alice, bob home) {
			alice.Readdress()
			bob.Readdress()
		}},
		{"both routers have new addresses", 15 * time.Second, func(alice, bob home) {
			alice.router.Readdress()
			bob.router.Readdress()
		}},
		{"receiver's cable out for 60 s", time.Minute + 10*time.Second, func(_, bob home) {
			bob.Down()
			time.Sleep(time.Minute)
			bob.Up()
		}},
		{"sender's cable out for 60 s", time.Minute + 10*time.Second, func(alice, _ home) {
			alice.Down()
			time.Sleep(time.Minute)
			alice.Up()
		}},
		{"receiver's packets vanish for 60 s", time.Minute + 15*time.Second, func(_, bob home) {
			bob.Mute()
			time.Sleep(time.Minute)
			bob.Unmute()
		}},
	}
	places := make(chan struct{}, roamersAtOnce)
	var all sync.WaitGroup
	for _, path := range []string{"direct", "relayed"} {
		for _, story := range stories {
			places <- struct{}{}
			all.Go(func() {
				defer func() { <-places }()
				t.Run(path+", "+story.name, func(t *testing.T) {
					w := newWorld(t, lab.Options{Delay: 5 * time.Millisecond})
					w.relay("relay")
					nat, by := lab.PortRestricted, directPeer
					if path == "relayed" {
						nat, by = lab.SymmetricRandom, relayedPeer
					}
					alice, bob := w.net.Home("alice", nat), w.net.Home("bob", nat)
					j := w.travel(alice, bob, size(t, 12<<20), 12*time.Second)
					j.comes(0.3)
					j.goes(path, by)
					j.befalls(path+", "+story.name, story.most)
					story.roam(home{alice, alice.Routers()[0]}, home{bob, bob.Routers()[0]})
					j.goes(path+" again", by)
					j.arrives()
					j.report()
				})
			})
		}
	}
	all.Wait()
}
