//go:build lab

package main_test

import (
	"path/filepath"
	"testing"

	"github.com/causeway-app/causeway/engine/lab"
)

func TestNATHomesMeetDirectly(t *testing.T) {
	t.Parallel()
	w := newWorld(t, lab.Options{})
	shared := filepath.Join(t.TempDir(), "a.bin")
	makeFile(t, shared, 1<<20, 5)
	_, invitation := w.send(w.net.Home("alice", lab.PortRestricted), shared)
	to := t.TempDir()
	receiver := w.receive(w.net.Home("bob", lab.PortRestricted), invitation, to)
	receiver.ends(arrival, 0)
	if peer := mostly(t, receiver); peer.Path != "direct-internet" {
		t.Errorf("the receiver says its peer goes %+v", peer)
	}
	if !sameFile(t, shared, filepath.Join(to, "a.bin")) {
		t.Error("a.bin has other bytes")
	}
}

func TestNATSymmetricRoutersNeedARelay(t *testing.T) {
	t.Parallel()
	w := newWorld(t, lab.Options{})
	w.relay("relay")
	shared := filepath.Join(t.TempDir(), "a.bin")
	makeFile(t, shared, 1<<20, 5)
	_, invitation := w.send(w.net.Home("alice", lab.SymmetricRandom), shared)
	receiver := w.receive(w.net.Home("bob", lab.SymmetricRandom), invitation, t.TempDir())
	receiver.ends(arrival, 0)
	if peer := mostly(t, receiver); peer.Path != "relayed" {
		t.Errorf("the receiver says its peer goes %+v", peer)
	}
}
