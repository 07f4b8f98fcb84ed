package main

import (
	"strings"
	"testing"

	"github.com/causeway-app/causeway/engine"
)

func TestTheRoomThatIsNeededAndTheRoomThereIsAreSaid(t *testing.T) {
	said := sentence(&engine.Problem{Code: engine.NotEnoughRoom, Subject: "/media/stick", Needed: 4_200_000_000, Free: 512_000_000})
	for _, part := range []string{"/media/stick", "4.2 GB", "512 MB"} {
		if !strings.Contains(said, part) {
			t.Errorf("%q says nothing of %s", said, part)
		}
	}
	if said := sentence(&engine.Problem{Code: engine.NotEnoughRoom}); strings.Contains(said, "needed") {
		t.Errorf("sizes that nobody knows are said: %q", said)
	}
}

func TestAnOfferIsNarrated(t *testing.T) {
	lines := phaseLine(engine.Transfer{Phase: engine.Offered, Direction: engine.Receive, Name: "album"})
	if len(lines) != 1 || !strings.Contains(lines[0], "album") {
		t.Errorf("narrated as %q", lines)
	}
}
