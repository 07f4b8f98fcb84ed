//go:build linux

package lab

import (
	"slices"
	"testing"
	"time"
)

func TestEveryKindIsWhatItsNameSays(t *testing.T) {
	t.Parallel()
	l := New(t, Options{})
	server := newReflector(t, l)
	for _, kind := range append(Kinds(), Kind{CarrierEndpointIndependent}, Kind{CarrierSymmetric}) {
		if !kind.behaviour().udp4 || kind.usesKernel() {
			continue
		}
		h := l.Home(kind.String(), kind...)
		t.Run(kind.String(), func(t *testing.T) {
			t.Parallel()
			server.confirm(t, h, kind)
		})
	}
}

func TestLinuxIsWhatItsNameSays(t *testing.T) {
	t.Parallel()
	l := New(t, Options{})
	server := newReflector(t, l)
	for _, kind := range Kinds() {
		if !kind.usesKernel() {
			continue
		}
		h := l.Home(kind.String(), kind...)
		t.Run(kind.String(), func(t *testing.T) {
			t.Parallel()
			server.confirm(t, h, kind)
		})
	}
}

func (k Kind) usesKernel() bool {
	return slices.ContainsFunc(k, func(nat NAT) bool { return nat.Kernel != NotKernel })
}

// confirm probes a computer and wants to find what its routers claim.
func (r *reflector) confirm(t *testing.T, h *Host, kind Kind) {
	t.Helper()
	claimed := kind.behaviour()
	if got := r.mapping(t, h); got != claimed.mapping {
		t.Errorf("mapping %v instead of %v", got, claimed.mapping)
	}
	if got := r.filtering(t, h); got != claimed.filtering {
		t.Errorf("filtering %v instead of %v", got, claimed.filtering)
	}
	// The outermost router that translates chooses the port that is seen.
	for _, nat := range slices.Backward(kind) {
		if nat.Mapping == NoMapping {
			continue
		}
		if got := r.allocation(t, h); got != nat.Allocation {
			t.Errorf("allocation %v instead of %v", got, nat.Allocation)
		}
		return
	}
}

func TestHairpinReturnsToTheInside(t *testing.T) {
	t.Parallel()
	l := New(t, Options{})
	server := newReflector(t, l)
	turning := FullCone
	turning.Hairpin = true
	for _, nat := range []NAT{FullCone, turning} {
		if got := server.hairpin(t, l.Home("home", nat), nat.Hairpin); got != nat.Hairpin {
			t.Errorf("hairpin is %v instead of %v", got, nat.Hairpin)
		}
	}
}

func TestUnusedMappingEnds(t *testing.T) {
	t.Parallel()
	l := New(t, Options{})
	server := newReflector(t, l)
	short := FullCone
	short.Idle, short.Allocation = 500*time.Millisecond, Random
	h := l.Home("home", short)
	c := socket(t, h)
	before := server.seen(t, c, server.at[0])
	if soon := server.seen(t, c, server.at[0]); soon != before {
		t.Errorf("the mapping changed at once, from %s to %s", before, soon)
	}
	// Packets from outside do not keep a mapping.
	outside := socket(t, l.Server("outside"))
	until := time.Now().Add(2 * short.Idle)
	for time.Now().Before(until) {
		say(t, outside, before, "hello")
		hear(t, c, 20*time.Millisecond)
	}
	say(t, outside, before, "too late")
	if text, _ := hear(t, c, patience); text != "" {
		t.Errorf("the unused mapping let in %q", text)
	}
	if after := server.seen(t, c, server.at[0]); after == before {
		t.Errorf("the mapping %s never ended", before)
	}
}
