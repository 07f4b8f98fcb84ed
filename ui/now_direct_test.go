package ui

import (
	"strings"
	"testing"

	"github.com/causeway-app/causeway/assets/words"
	"github.com/causeway-app/causeway/engine"
	"github.com/causeway-app/causeway/engine/path"
)

func TestAPathThatBecomesDirectIsNews(t *testing.T) {
	at := func(transfer engine.TransferID, id, name string, kind path.Kind) engine.Peer {
		return engine.Peer{Transfer: transfer, ID: id, Name: name, Path: kind}
	}
	state := func(peers ...engine.Peer) engine.State { return engine.State{Peers: peers} }
	relayed := state(at("a", "1", "Grace", path.Relayed), at("b", "1", "Grace", path.Relayed), at("a", "2", "", path.Relayed))
	for name, c := range map[string]struct {
		before, after engine.State
		names         string
	}{
		"nothing changes":       {relayed, relayed, ""},
		"one":                   {relayed, state(at("a", "1", "Grace", path.DirectInternet), at("a", "2", "", path.Relayed)), "Grace"},
		"one of two transfers":  {relayed, state(at("a", "1", "Grace", path.DirectLAN), at("b", "1", "Grace", path.DirectLAN)), "Grace"},
		"two at once":           {relayed, state(at("a", "1", "Grace", path.DirectLAN), at("a", "2", "", path.DirectLAN)), "Grace, the other computer"},
		"direct from the start": {state(at("a", "1", "Grace", path.Connecting)), state(at("a", "1", "Grace", path.DirectLAN)), ""},
		"new, and direct":       {engine.State{}, state(at("a", "1", "Grace", path.DirectLAN)), ""},
		"direct before, too":    {state(at("a", "1", "Grace", path.DirectInternet)), state(at("a", "1", "Grace", path.DirectLAN)), ""},
		"lost":                  {relayed, state(at("a", "1", "Grace", path.Connecting)), ""},
		"gone":                  {relayed, engine.State{}, ""},
	} {
		want := ""
		if c.names != "" {
			want = "Now direct: no relay carries the files between this computer and " + c.names + " any more."
		}
		if got := nowDirect(words.In("en"), c.before, c.after); got != want {
			t.Errorf("%s: it says %q, want %q", name, got, want)
		}
	}
}

func TestTheNewsOfADirectPathIsToldOnceAndHidesNoComplaint(t *testing.T) {
	d := englishDesk(t)
	through, straight := peer("s", path.Relayed), peer("s", path.DirectInternet)
	straight.ID, straight.Name = through.ID, through.Name
	before, after := one(moving(sending(""), path.Relayed), through), one(moving(sending(""), path.DirectInternet), straight)
	d.show(before)
	d.show(after)
	if !d.notice.content.Visible() || !strings.Contains(d.notice.text.Text, "Margaret") {
		t.Errorf("for a folded row it says %q", d.notice.text.Text)
	}
	d.notice.hush()
	d.show(after)
	if d.notice.content.Visible() {
		t.Error("it is told again")
	}
	d.show(before)
	d.notice.complain("something is wrong")
	d.show(after)
	if d.notice.text.Text != "something is wrong" {
		t.Errorf("a complaint gives way to %q", d.notice.text.Text)
	}
}
