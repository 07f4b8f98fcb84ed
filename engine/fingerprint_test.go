package engine

import (
	"slices"
	"testing"
	"time"

	"github.com/causeway-app/causeway/engine/link"
	"github.com/causeway-app/causeway/engine/path"
	"github.com/causeway-app/causeway/engine/settings"
)

func TestBothEndsShowTheSameWords(t *testing.T) {
	t.Parallel()
	anna, ben, eve := link.Identity{1}, link.Identity{2}, link.Identity{3}
	// The SHA-256 of both, cut into words of 11 bits by another program.
	want := []string{"young", "purity", "furnace", "unhappy"}
	if got := fingerprint(anna, ben); !slices.Equal(got, want) {
		t.Errorf("the words are %q, want %q", got, want)
	}
	if got := fingerprint(ben, anna); !slices.Equal(got, want) {
		t.Errorf("the other end shows %q", got)
	}
	if slices.Equal(fingerprint(anna, eve), want) || slices.Equal(fingerprint(eve, ben), want) {
		t.Error("somebody in between has the same words")
	}
}

func TestOnlyTimeLimitedCredentialsExpire(t *testing.T) {
	t.Parallel()
	o := &owner{settings: settings.Settings{TURN: []settings.TURN{
		{URL: "turn:limited", Username: "ada", Secret: "north"},
		{URL: "turn:fixed", Username: "1790000000:ada", Password: "north"},
	}}}
	made := turnServer(o.settings.TURN[0])
	if left := time.Until(o.credentialExpiry(made)); left < credentialLife-time.Minute || left > credentialLife {
		t.Errorf("the credential is good for %s", left)
	}
	if expiry := o.credentialExpiry(turnServer(o.settings.TURN[1])); !expiry.IsZero() {
		t.Errorf("a fixed password expires at %s", expiry)
	}
	soon := time.Unix(1_790_000_000, 0)
	uses := []link.RelayUse{{Server: "turn:old", Released: soon}, {Server: "turn:limited", Expires: soon}}
	for name, c := range map[string]struct {
		link.Status
		want time.Time
	}{
		"its own":  {link.Status{Path: path.Relayed, Relay: "turn:limited", Relays: uses}, soon},
		"theirs":   {link.Status{Path: path.Relayed, Relay: "turn:limited", RelayIsTheirs: true, Relays: uses}, time.Time{}},
		"standby":  {link.Status{Path: path.DirectLAN, Relays: uses}, soon},
		"another":  {link.Status{Path: path.Relayed, Relay: "turn:fixed", Relays: uses}, time.Time{}},
		"released": {link.Status{Path: path.DirectLAN, Relays: uses[:1]}, time.Time{}},
	} {
		if got := relayExpires(c.Status); !got.Equal(c.want) {
			t.Errorf("%s: the credential expires at %s, want %s", name, got, c.want)
		}
	}
}
