package portmap

import (
	"context"
	"errors"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"
)

func TestARouterMapsAPort(t *testing.T) {
	for _, test := range []struct {
		name   string
		router func(*home)
		want   Protocol
	}{
		{"by PCP", func(h *home) { h.pcp = true }, PCP},
		{"by NAT-PMP", func(h *home) { h.natpmp = true }, NATPMP},
		{"by UPnP with leases", func(h *home) { h.igd.version = 1 }, UPnP},
		{"by UPnP that chooses ports", func(h *home) { h.igd.version = 2 }, UPnP},
		{"by UPnP without leases", func(h *home) { h.igd.version, h.igd.permanentOnly = 1, true }, UPnP},
		{"and speaks all three", func(h *home) { h.pcp, h.natpmp, h.igd.version = true, true, 1 }, PCP},
		{"and speaks the two older ones", func(h *home) { h.natpmp, h.igd.version = true, 1 }, NATPMP},
		{"by PCP, and packets are lost", func(h *home) { h.pcp, h.deaf = true, 2 }, PCP},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			h := newHome(t, test.router)
			s := serve(t, h)
			external, release := s.mapPort(t, 40000)
			if want := netip.MustParseAddrPort("203.0.113.7:40000"); external != want {
				t.Errorf("mapped to %s, want %s", external, want)
			}
			status := s.Status().Load()
			if status.Protocol != test.want || status.External != h.outside || status.Gateway != h.address || status.Err != nil {
				t.Errorf("status %+v", status)
			}
			eventually(t, "one port is mapped, and no port of a probe", func() bool {
				ports := h.ports()
				return len(ports) == 1 && ports[40000] == 40000
			})
			release()
			release()
			eventually(t, "the port is given back", func() bool { return len(h.ports()) == 0 })
		})
	}
}

func TestARouterGivesAnotherPortWhenTheWantedOneIsTaken(t *testing.T) {
	t.Parallel()
	for name, router := range map[string]func(*home){
		"PCP": func(h *home) { h.pcp = true }, "NAT-PMP": func(h *home) { h.natpmp = true },
		"UPnP 1": func(h *home) { h.igd.version = 1 }, "UPnP 2": func(h *home) { h.igd.version = 2 },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHome(t, func(h *home) {
				router(h)
				h.taken[40000] = true
			})
			s := serve(t, h)
			external, _ := s.mapPort(t, 40000)
			if external.Port() == 40000 || external.Port() != h.ports()[40000] {
				t.Errorf("mapped to %s, the router says %v", external, h.ports())
			}
		})
	}
}

func TestNoRouterMapsPorts(t *testing.T) {
	t.Parallel()
	s := serve(t, newHome(t, func(*home) {}))
	began := time.Now()
	_, _, err := s.Map(t.Context(), inside(40000))
	if !errors.Is(err, ErrNoRouter) {
		t.Errorf("got %v", err)
	}
	if took := time.Since(began); took > testLimit+300*time.Millisecond {
		t.Errorf("the search took %s", took)
	}
	status := s.searched(t)
	if !errors.Is(status.Err, ErrNoRouter) || status.Protocol != "" {
		t.Errorf("status %+v", status)
	}
	for _, protocol := range preference {
		if !strings.Contains(status.Err.Error(), string(protocol)) {
			t.Errorf("the error does not tell of %s: %v", protocol, status.Err)
		}
	}
	began = time.Now()
	if _, _, err := s.Map(t.Context(), inside(40001)); !errors.Is(err, ErrNoRouter) || time.Since(began) > 100*time.Millisecond {
		t.Errorf("afterwards %v after %s", err, time.Since(began))
	}
}

func TestARouterThatMapsNothingIsNotBelieved(t *testing.T) {
	t.Parallel()
	h := newHome(t, func(h *home) { h.pcp, h.natpmp, h.code = true, true, 2 })
	s := serve(t, h)
	if status := s.searched(t); !errors.Is(status.Err, ErrRefused) || !strings.Contains(status.Err.Error(), "not authorized") {
		t.Errorf("status %+v", status)
	}
}

func TestARouterThatRefusesByOneProtocolIsAskedByTheNext(t *testing.T) {
	t.Parallel()
	h := newHome(t, func(h *home) { h.natpmp, h.code, h.igd.version = true, 2, 2 })
	s := serve(t, h)
	// The code stands for UPnP too, until the port is asked for.
	eventually(t, "UPnP is found", func() bool { return s.Status().Load().Protocol == UPnP })
	h.with(func() { h.code = 0 })
	if external, _ := s.mapPort(t, 40000); external.Port() != 40000 {
		t.Errorf("mapped to %s", external)
	}
}

func TestMapWaitsForTheSearchAndNoLongerThanItMay(t *testing.T) {
	t.Parallel()
	h := newHome(t, func(h *home) { h.pcp, h.silent = true, true })
	s := serve(t, h)
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	began := time.Now()
	if _, _, err := s.Map(ctx, inside(40000)); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
	if took := time.Since(began); took > 300*time.Millisecond {
		t.Errorf("Map took %s", took)
	}
	h.with(func() { h.silent = false })
	if external, _ := s.mapPort(t, 40001); external.Port() != 40001 {
		t.Errorf("mapped to %s", external)
	}
	if _, left := h.ports()[40000]; left {
		t.Error("the port that nobody waits for is mapped")
	}
}

func TestMapAnswersInOneRoundTrip(t *testing.T) {
	t.Parallel()
	h := newHome(t, func(h *home) { h.pcp = true })
	s := serve(t, h)
	s.searched(t)
	began := time.Now()
	s.mapPort(t, 40000)
	if took := time.Since(began); took > 200*time.Millisecond {
		t.Errorf("took %s", took)
	}
	t.Logf("mapped in %s", time.Since(began))
}

func TestOneAddressIsMappedOnceForAllWhoWantIt(t *testing.T) {
	t.Parallel()
	h := newHome(t, func(h *home) { h.pcp = true })
	s := serve(t, h)
	first, releaseFirst := s.mapPort(t, 40000)
	before := h.requests()
	second, releaseSecond := s.mapPort(t, 40000)
	if first != second || h.requests() != before {
		t.Errorf("mapped to %s and %s with %d requests", first, second, h.requests()-before)
	}
	releaseFirst()
	s.mapPort(t, 40001) // the router has heard what came before
	if _, kept := h.ports()[40000]; !kept {
		t.Error("the port is gone while it is used")
	}
	releaseSecond()
	eventually(t, "the port is given back", func() bool { _, kept := h.ports()[40000]; return !kept })
}

func TestAHundredPortsAtOnceAndAllGivenBackAtTheEnd(t *testing.T) {
	for name, router := range map[string]func(*home){
		"PCP": func(h *home) { h.pcp = true }, "NAT-PMP": func(h *home) { h.natpmp = true }, "UPnP": func(h *home) { h.igd.version = 1 },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHome(t, router)
			s := serve(t, h)
			s.searched(t)
			began := time.Now()
			var calls sync.WaitGroup
			for i := range uint16(100) {
				calls.Go(func() { s.mapPort(t, 41000+i) })
			}
			calls.Wait()
			t.Logf("mapped within %s", time.Since(began))
			for i := range uint16(100) {
				if h.ports()[41000+i] != 41000+i {
					t.Fatalf("port %d is not mapped", 41000+i)
				}
			}
			began = time.Now()
			s.end(t)
			if left := len(h.ports()); left > 0 {
				t.Errorf("%d ports are left", left)
			}
			t.Logf("given back within %s", time.Since(began))
			if _, _, err := s.Map(t.Context(), inside(40000)); !errors.Is(err, ErrClosed) {
				t.Errorf("after the end: %v", err)
			}
		})
	}
}

func TestTheEndIsNotWaitedForWhenTheRouterIsGone(t *testing.T) {
	t.Parallel()
	h := newHome(t, func(h *home) { h.pcp = true })
	s := serve(t, h)
	s.mapPort(t, 40000)
	h.with(func() { h.silent = true })
	began := time.Now()
	s.end(t)
	if took := time.Since(began); took > releaseLimit+300*time.Millisecond {
		t.Errorf("took %s", took)
	}
}

func TestAMappingIsRenewedAtHalfItsLease(t *testing.T) {
	t.Parallel()
	for name, router := range map[string]func(*home){"PCP": func(h *home) { h.pcp = true }, "NAT-PMP": func(h *home) { h.natpmp = true }} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHome(t, func(h *home) {
				router(h)
				h.life = 2 * time.Second
			})
			s := serve(t, h)
			s.mapPort(t, 40000)
			before, began := h.requests(), time.Now()
			eventually(t, "it is asked again", func() bool { return h.requests() > before })
			if took := time.Since(began); took < 500*time.Millisecond || took > 1900*time.Millisecond {
				t.Errorf("a lease of 2 s was renewed after %s", took)
			}
		})
	}
}

func TestPortsAreMappedAgainWhenTheRouterHasRestarted(t *testing.T) {
	t.Parallel()
	for name, router := range map[string]func(*home){"PCP": func(h *home) { h.pcp = true }, "NAT-PMP": func(h *home) { h.natpmp = true }} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHome(t, router)
			s := serve(t, h)
			s.mapPort(t, 40000)
			s.mapPort(t, 40001)
			h.restart()
			// Any answer tells that the clock began anew.
			s.mapPort(t, 40002)
			eventually(t, "all are mapped again", func() bool { return len(h.ports()) == 3 })
		})
	}
}

func TestWhatCannotBeMapped(t *testing.T) {
	t.Parallel()
	h := newHome(t, func(h *home) { h.pcp = true })
	s := serve(t, h)
	for _, local := range []string{"[::1]:1", "0.0.0.0:1", "127.0.0.1:0", "127.0.0.9:1", "192.0.2.1:4000"} {
		if _, _, err := s.Map(t.Context(), netip.MustParseAddrPort(local)); !errors.Is(err, ErrAddress) {
			t.Errorf("%s: got %v", local, err)
		}
	}
	if err := s.Serve(t.Context()); !errors.Is(err, ErrClosed) {
		t.Errorf("a second Serve: %v", err)
	}
}

func TestARouterThatIsNowhereIsNotBelieved(t *testing.T) {
	for _, address := range []string{"0.0.0.0", "0.1.2.3", "127.0.0.1", "224.0.0.1", "255.255.255.255", "169.254.1.1", "::1", "2001:db8::1"} {
		if _, err := outside(netip.MustParseAddr(address)); !errors.Is(err, ErrAddress) {
			t.Errorf("%s: got %v", address, err)
		}
	}
	for name, router := range map[string]func(*home){
		"PCP": func(h *home) { h.pcp = true }, "NAT-PMP": func(h *home) { h.natpmp = true }, "UPnP": func(h *home) { h.igd.version = 1 },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHome(t, func(h *home) {
				router(h)
				h.outside = netip.MustParseAddr("127.0.0.1")
			})
			s := serve(t, h)
			if status := s.searched(t); !errors.Is(status.Err, ErrAddress) || status.External.IsValid() {
				t.Errorf("status %+v", status)
			}
		})
	}
	for _, address := range []string{"100.64.0.9", "192.168.1.2", "10.0.0.5"} {
		t.Run("PCP behind a carrier "+address, func(t *testing.T) {
			t.Parallel()
			h := newHome(t, func(h *home) {
				h.pcp = true
				h.outside = netip.MustParseAddr(address)
			})
			s := serve(t, h)
			if external, _ := s.mapPort(t, 40000); external.Addr() != h.outside {
				t.Errorf("mapped to %s", external)
			}
		})
	}
}
