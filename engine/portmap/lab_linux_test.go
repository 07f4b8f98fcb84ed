package portmap

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/causeway-app/causeway/engine/lab"
	"github.com/causeway-app/causeway/engine/lab/portservice"
)

// insideVariable makes the test binary a computer's program instead.
const insideVariable = "CAUSEWAY_PORTMAP_INSIDE"

func TestMain(m *testing.M) {
	if os.Getenv(insideVariable) != "" {
		if err := runInside(); err != nil {
			fmt.Println("failed", err)
			os.Exit(1)
		}
		return
	}
	lab.Main(m)
}

// runInside maps a port by the router of the default route and echoes what
// comes there, until its input ends.
func runInside() error {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	m := New(Config{})
	m.limit = 2 * testLimit
	served := make(chan error, 1)
	go func() { served <- m.Serve(ctx) }()
	status, _ := m.Status().Wait(ctx, func(s Status) bool { return s.Searched })
	if status.Err != nil {
		return status.Err
	}
	r, err := findRoute(netip.Addr{})
	if err != nil {
		return err
	}
	conn, err := net.ListenUDP("udp4", net.UDPAddrFromAddrPort(netip.AddrPortFrom(r.local, 0)))
	if err != nil {
		return err
	}
	defer conn.Close()
	go func() {
		buffer := make([]byte, 2048)
		for {
			count, from, err := conn.ReadFromUDPAddrPort(buffer)
			if err != nil {
				return
			}
			_, _ = conn.WriteToUDPAddrPort(buffer[:count], from)
		}
	}()
	began := time.Now()
	external, _, err := m.Map(ctx, conn.LocalAddr().(*net.UDPAddr).AddrPort())
	if err != nil {
		return err
	}
	status = m.Status().Load()
	fmt.Println("mapped", status.Protocol, status.Gateway, status.External, external, time.Since(began))
	_, _ = io.Copy(io.Discard, os.Stdin)
	cancel()
	<-served
	fmt.Println("ended")
	return nil
}

// program is runInside on a computer of the lab.
type program struct {
	input io.Closer
	lines *bufio.Scanner
}

func startInside(t *testing.T, on *lab.Host) *program {
	t.Helper()
	command := on.Command(t.Context(), os.Args[0])
	command.Env = append(os.Environ(), insideVariable+"=1")
	input, err := command.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	output, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	command.Stderr = t.Output()
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = input.Close()
		_ = command.Wait()
	})
	return &program{input, bufio.NewScanner(output)}
}

func (p *program) line() string {
	p.lines.Scan()
	return p.lines.Text()
}

// stranger is a socket of somebody in the internet.
func stranger(t *testing.T, on *lab.Host) *net.UDPConn {
	t.Helper()
	var conn *net.UDPConn
	err := on.Do(func() (err error) {
		conn, err = net.ListenUDP("udp4", net.UDPAddrFromAddrPort(netip.AddrPortFrom(on.IP4(), 0)))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

// echoes reports whether what is sent to an address comes back from there.
func echoes(t *testing.T, conn *net.UDPConn, to netip.AddrPort) bool {
	t.Helper()
	buffer := make([]byte, 64)
	for range 3 {
		if _, err := conn.WriteToUDPAddrPort([]byte("hello"), to); err != nil {
			t.Fatal(err)
		}
		_ = conn.SetReadDeadline(time.Now().Add(30 * time.Millisecond))
		_, from, err := conn.ReadFromUDPAddrPort(buffer)
		if err == nil {
			return from == to
		}
		if !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Fatal(err)
		}
	}
	return false
}

func TestAComputerBehindAStrictRouterIsReachedByAStranger(t *testing.T) {
	for _, test := range []struct {
		name    string
		service portservice.Options
		want    Protocol
	}{
		{"PCP", portservice.Options{PCP: true}, PCP},
		{"NAT-PMP", portservice.Options{NATPMP: true}, NATPMP},
		{"UPnP 1", portservice.Options{IGD: 1}, UPnP},
		{"UPnP 2", portservice.Options{IGD: 2}, UPnP},
		{"UPnP without leases", portservice.Options{IGD: 1, OnlyPermanent: true}, UPnP},
		{"all three", portservice.Options{PCP: true, NATPMP: true, IGD: 2}, PCP},
		{"PCP and another port", portservice.Options{PCP: true, OtherPort: true}, PCP},
		{"NAT-PMP and another port", portservice.Options{NATPMP: true, OtherPort: true}, NATPMP},
		{"UPnP 1 and another port", portservice.Options{IGD: 1, OtherPort: true}, UPnP},
		{"UPnP 2 and another port", portservice.Options{IGD: 2, OtherPort: true}, UPnP},
		{"UPnP among strangers", portservice.Options{IGD: 1, Strangers: 3, Garbage: true}, UPnP},
		{"a slow PCP", portservice.Options{PCP: true, Delay: 100 * time.Millisecond}, PCP},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			world := lab.New(t, lab.Options{})
			service, err := portservice.New(test.service)
			if err != nil {
				t.Fatal(err)
			}
			nat := lab.SymmetricRandom
			nat.Ports = service
			home, somebody := world.Home("home", nat), world.Server("somebody")
			began := time.Now()
			p := startInside(t, home)
			told := strings.Fields(p.line())
			if len(told) != 6 || told[0] != "mapped" {
				t.Fatalf("the program said %q", told)
			}
			t.Logf("mapped after %s; Map took %s", time.Since(began), told[5])
			external, err := netip.ParseAddrPort(told[4])
			if err != nil {
				t.Fatal(err)
			}
			want := fmt.Sprint(test.want, " ", home.Routers()[0].Inside(), " ", home.OutsideIP4())
			if got := strings.Join(told[1:4], " "); got != want || external.Addr() != home.OutsideIP4() {
				t.Errorf("it was told %q and %s, want %q", got, external, want)
			}
			conn := stranger(t, somebody)
			if !echoes(t, conn, external) {
				t.Fatal("a stranger does not reach it")
			}
			if test.want != UPnP {
				service.Restart()
				again := time.Now()
				if echoes(t, stranger(t, somebody), external) {
					t.Log("the port was mapped again at once")
				}
				eventually(t, "it is reached after a restart of the router", func() bool { return echoes(t, stranger(t, somebody), external) })
				t.Logf("reached %s after a restart", time.Since(again))
			}
			_ = p.input.Close()
			if said := p.line(); said != "ended" {
				t.Errorf("the program said %q", said)
			}
			if echoes(t, stranger(t, somebody), external) {
				t.Error("the port is left open")
			}
		})
	}
}

func TestRoutersThatMapNothingForAComputer(t *testing.T) {
	for name, options := range map[string]portservice.Options{
		"refuses":    {PCP: true, NATPMP: true, IGD: 1, Refuse: true},
		"is full":    {PCP: true, Full: true},
		"is silent":  {PCP: true, NATPMP: true, Silent: true},
		"is nowhere": {NATPMP: true, External: netip.MustParseAddr("0.0.0.0")},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			world := lab.New(t, lab.Options{})
			service, err := portservice.New(options)
			if err != nil {
				t.Fatal(err)
			}
			nat := lab.SymmetricRandom
			nat.Ports = service
			p := startInside(t, world.Home("home", nat))
			if said := p.line(); !strings.HasPrefix(said, "failed portmap: ") {
				t.Errorf("the program said %q", said)
			}
		})
	}
}
