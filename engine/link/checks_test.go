package link

import (
	"net/netip"
	"testing"
	"time"

	"github.com/pion/stun/v4"
)

// silentLeg takes packets that nobody answers.
type silentLeg struct{ last []byte }

func (s *silentLeg) send(packet []byte, _ netip.AddrPort) { s.last = packet }
func (s *silentLeg) reaches(netip.AddrPort) bool          { return true }
func (s *silentLeg) relayed() bool                        { return false }

func TestACheckIsSentHoweverManyAreUnanswered(t *testing.T) {
	t.Parallel()
	c := newChecks()
	own, peer := iceCredentials{"own", "own password"}, iceCredentials{"peer", "peer password"}
	c.begin(own, peer, true)
	leg := &silentLeg{}
	p := pair{leg, netip.MustParseAddrPort("203.0.113.1:1000")}
	for range 3 * openLimit {
		leg.last = nil
		c.check(p, false)
		if leg.last == nil {
			t.Fatal("a check was not sent")
		}
	}
	if len(c.open) > openLimit || len(c.order) > openLimit {
		t.Errorf("%d checks wait for an answer", len(c.open))
	}
	question := &stun.Message{Raw: leg.last}
	if err := question.Decode(); err != nil {
		t.Fatal(err)
	}
	answer := stun.MustBuild(stun.NewTransactionIDSetter(question.TransactionID), stun.BindingSuccess,
		stun.NewShortTermIntegrity(peer.password), stun.Fingerprint)
	if !c.answer(p, answer.Raw) || c.health(p).answered.IsZero() {
		t.Error("the answer to the newest check is not taken")
	}
}

func TestThePeerIsSoughtWhereItWasSeen(t *testing.T) {
	t.Parallel()
	c := newChecks()
	one, other := &silentLeg{}, &silentLeg{last: []byte{1}}
	first := pair{one, netip.MustParseAddrPort("203.0.113.1:1000")}
	c.learn(first)
	for port := range uint16(2 * strangerLimit) {
		c.learn(pair{other, netip.AddrPortFrom(first.remote.Addr(), 2000+port)})
		c.learn(first)
	}
	seen := c.seen()
	if len(seen) != strangerLimit || seen[len(seen)-1] != first {
		t.Errorf("%d pairs are remembered, %v last", len(seen), seen[len(seen)-1])
	}
}

// Who mostly receives sends nothing that would be missed.
func TestAPairIsSilentWhenItsAllocationIsGone(t *testing.T) {
	t.Parallel()
	n := &network{began: time.Now()}
	a := newAllocation(n, 1)
	selected := &selection{pair: pair{a, netip.MustParseAddrPort("203.0.113.1:1000")}}
	for at, silent := range map[stage]bool{held: false, failed: true, gone: true, released: true} {
		a.stage = at
		selected.waiting.Store(0)
		n.silence(selected)
		time.Sleep(time.Millisecond)
		if is := n.silence(selected) > 0; is != silent {
			t.Errorf("at stage %d it is silent: %v, want %v", at, is, silent)
		}
	}
}
