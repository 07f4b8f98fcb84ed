package link

import (
	"strings"
	"testing"
	"time"

	"github.com/causeway-app/causeway/engine/path"
)

// slowHomes are two homes behind strict NATs; the router of the first maps
// ports, and takes longer for it than a description waits.
func slowHomes(t *testing.T) (left *mappingHome, slow, other *Dialer) {
	t.Helper()
	world := newInternet(t)
	left = world.maps(t, world.home(t, "27.1.1.1", "192.168.1.0", symmetric), "27.1.1.2")
	right := world.home(t, "28.1.1.1", "10.2.0.0", symmetric)
	world.start(t)
	left.slow = 2 * mappingGrace
	servers := []Server{{URL: "stun:1.2.3.4:3478"}}
	return left, dialer(t, Config{Net: left, Mapper: left, Servers: servers}), dialer(t, Config{Net: right, Servers: servers})
}

func (d Description) names(address string) bool { return strings.Contains(d.SDP, " "+address+" ") }

func TestAPortMappedTooLateIsUntoldAndAFurtherAttemptTellsIt(t *testing.T) {
	leaksNothing(t)
	left, slow, other := slowHomes(t)
	offer, err := other.Offer(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	l, answer, err := slow.Answer(t.Context(), offer.Description())
	if err != nil {
		t.Fatal(err)
	}
	if answer.names("27.1.1.2") {
		t.Fatal("the first description waited for the router")
	}
	first := serve(t, l)
	accepted, err := offer.Accept(answer)
	if err != nil {
		t.Fatal(err)
	}
	serve(t, accepted)
	first.until(t, "untold", func(s Status) bool { return s.Untold && !s.Up })

	again, err := slow.OfferPatiently(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if !again.Description().names("27.1.1.2") {
		t.Fatal("the further attempt does not tell the mapped port")
	}
	answering, answer, err := other.Answer(t.Context(), again.Description())
	if err != nil {
		t.Fatal(err)
	}
	serve(t, answering)
	offering, err := again.Accept(answer)
	if err != nil {
		t.Fatal(err)
	}
	second := serve(t, offering)
	second.until(t, "direct", func(s Status) bool {
		return s.Up && s.Path == path.DirectInternet && s.Opening == OwnMapping && !s.Untold
	})
	if open, _ := left.mappings(); open != 2 {
		t.Errorf("%d ports are mapped for two attempts", open)
	}
}

func TestAnOfferThatWaitsGrowsByWhatIsMappedLater(t *testing.T) {
	leaksNothing(t)
	_, slow, _ := slowHomes(t)
	pending, err := slow.Offer(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	before := pending.Description()
	if before.names("27.1.1.2") {
		t.Fatal("the offer waited for the router")
	}
	for deadline := time.Now().Add(5 * time.Second); !pending.Description().names("27.1.1.2"); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the mapped port is never told")
		}
	}
	if strings.Count(pending.Description().SDP, "27.1.1.2") != 1 {
		t.Errorf("the port is told more than once:\n%s", pending.Description().SDP)
	}
	pending.Close()
	<-pending.Done()
}
