package link

import (
	"fmt"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/pion/logging"
	"github.com/pion/transport/v4/vnet"
	"github.com/pion/turn/v5"

	"github.com/causeway-app/causeway/engine/path"
)

// making guards vnet's counter of made-up hardware addresses.
var making sync.Mutex

func newRouter(config *vnet.RouterConfig) (*vnet.Router, error) {
	making.Lock()
	defer making.Unlock()
	return vnet.NewRouter(config)
}

func newComputer(config *vnet.NetConfig) (*vnet.Net, error) {
	making.Lock()
	defer making.Unlock()
	return vnet.NewNet(config)
}

// internet is a virtual one with a STUN and TURN server at 1.2.3.4.
type internet struct {
	*vnet.Router
	logs   logging.LoggerFactory
	server *vnet.Net // at 1.2.3.4
}

func newInternet(t *testing.T) *internet {
	t.Helper()
	return newSlowInternet(t, 0)
}

// newSlowInternet takes a while for every packet.
func newSlowInternet(t *testing.T, delay time.Duration) *internet {
	t.Helper()
	logs := logging.NewDefaultLoggerFactory()
	logs.DefaultLogLevel = logging.LogLevelDisabled
	router, err := newRouter(&vnet.RouterConfig{CIDR: "0.0.0.0/0", MinDelay: delay, LoggerFactory: logs})
	if err != nil {
		t.Fatal(err)
	}
	return &internet{Router: router, logs: logs}
}

// home adds a network behind a NAT and returns its only computer.
func (i *internet) home(t *testing.T, outside, inside string, nat vnet.NATType) *vnet.Net {
	t.Helper()
	router, err := newRouter(&vnet.RouterConfig{
		CIDR: inside + "/24", StaticIPs: []string{outside}, NATType: &nat, LoggerFactory: i.logs,
	})
	if err != nil {
		t.Fatal(err)
	}
	computer, err := newComputer(&vnet.NetConfig{StaticIPs: []string{inside[:len(inside)-1] + "7"}})
	if err != nil {
		t.Fatal(err)
	}
	if err := router.AddNet(computer); err != nil {
		t.Fatal(err)
	}
	if err := i.AddRouter(router); err != nil {
		t.Fatal(err)
	}
	return computer
}

func (i *internet) start(t *testing.T) {
	t.Helper()
	host, err := newComputer(&vnet.NetConfig{StaticIPs: []string{"1.2.3.4"}})
	if err != nil {
		t.Fatal(err)
	}
	if err := i.AddNet(host); err != nil {
		t.Fatal(err)
	}
	if err := i.Start(); err != nil {
		t.Fatal(err)
	}
	i.server = host
	t.Cleanup(func() { _ = i.Stop() })
	i.listen(t, 3478)
}

// listen starts a STUN and TURN server at another port.
func (i *internet) listen(t *testing.T, port int) {
	t.Helper()
	conn, err := i.server.ListenPacket("udp4", fmt.Sprintf("1.2.3.4:%d", port))
	if err != nil {
		t.Fatal(err)
	}
	server, err := turn.NewServer(turn.ServerConfig{
		Realm: "test",
		AuthHandler: func(r *turn.RequestAttributes) (string, []byte, bool) {
			return r.Username, turn.GenerateAuthKey(r.Username, r.Realm, "open sesame"), true
		},
		PacketConnConfigs: []turn.PacketConnConfig{{
			PacketConn: conn,
			RelayAddressGenerator: &turn.RelayAddressGeneratorStatic{
				RelayAddress: net.IPv4(1, 2, 3, 4), Address: "0.0.0.0", Net: i.server,
			},
		}},
		LoggerFactory: i.logs,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Close() })
}

// The kinds of NAT of RFC 4787.
var (
	portRestricted = vnet.NATType{
		MappingBehavior: vnet.EndpointIndependent, FilteringBehavior: vnet.EndpointAddrPortDependent, MappingLifeTime: time.Minute,
	}
	symmetric = vnet.NATType{
		MappingBehavior: vnet.EndpointAddrPortDependent, FilteringBehavior: vnet.EndpointAddrPortDependent, MappingLifeTime: time.Minute,
	}
)

func TestTwoHomesBehindNATs(t *testing.T) {
	for _, test := range []struct {
		name        string
		left, right vnet.NATType
		want        path.Kind
	}{
		{"port restricted both", portRestricted, portRestricted, path.DirectInternet},
		{"symmetric and port restricted", symmetric, portRestricted, path.Relayed},
		{"symmetric both", symmetric, symmetric, path.Relayed},
	} {
		t.Run(test.name, func(t *testing.T) {
			leaksNothing(t)
			world := newInternet(t)
			left := world.home(t, "27.1.1.1", "192.168.1.0", test.left)
			right := world.home(t, "28.1.1.1", "10.2.0.0", test.right)
			world.start(t)
			stun := Server{URL: "stun:1.2.3.4:3478"}
			relay := Server{URL: "turn:1.2.3.4:3478", Username: "user", Password: "open sesame"}
			// Only one of them has a relay.
			began := time.Now()
			a, b := linked(t,
				dialer(t, Config{Net: left, Servers: []Server{stun, relay}}),
				dialer(t, Config{Net: right, Servers: []Server{stun}}))
			t.Logf("up after %s", time.Since(began))
			for _, end := range []*served{a, b} {
				status := end.until(t, string(test.want), func(s Status) bool { return s.Path == test.want })
				if named := status.Relay == "turn:1.2.3.4:3478?transport=udp"; named != (test.want == path.Relayed) {
					t.Errorf("relay %q on a path that is %s", status.Relay, status.Path)
				}
			}
			out, in := joined(t, a, b, "x")
			transfer(t, out, in, 1<<20, 1)
		})
	}
}

func TestTwoHomesThatOnlyARelayCouldJoinAndNoneIsThere(t *testing.T) {
	if testing.Short() {
		t.Skip("takes 7 s")
	}
	// Parallel, for it mostly waits; what it leaves behind is seen by TestMain.
	t.Parallel()
	world := newInternet(t)
	left := world.home(t, "27.1.1.1", "192.168.1.0", symmetric)
	right := world.home(t, "28.1.1.1", "10.2.0.0", symmetric)
	world.start(t)
	stun := Server{URL: "stun:1.2.3.4:3478"}
	a, b := introduce(t, dialer(t, Config{Net: left, Servers: []Server{stun}}), dialer(t, Config{Net: right, Servers: []Server{stun}}))
	for _, end := range []*served{a, b} {
		err := end.ends(t, 15*time.Second)
		if err == nil || err.Error() != "link: no path to the peer: tried 1 host, 1 srflx here and 1 host, 1 srflx there" {
			t.Errorf("got %v", err)
		}
	}
}

func TestALinkIsUpWithinFewRoundTrips(t *testing.T) {
	const roundTrip = 20 * time.Millisecond
	for _, test := range []struct {
		name        string
		left, right vnet.NATType
		most        time.Duration
	}{
		{"direct", portRestricted, portRestricted, 12 * roundTrip},
		{"relayed", symmetric, symmetric, 22 * roundTrip},
	} {
		t.Run(test.name, func(t *testing.T) {
			leaksNothing(t)
			world := newSlowInternet(t, roundTrip/2)
			left := world.home(t, "27.1.1.1", "192.168.1.0", test.left)
			right := world.home(t, "28.1.1.1", "10.2.0.0", test.right)
			world.start(t)
			servers := []Server{{URL: "stun:1.2.3.4:3478"}, {URL: "turn:1.2.3.4:3478", Username: "user", Password: "open sesame"}}
			pending, err := dialer(t, Config{Net: left, Servers: servers}).Offer(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			began := time.Now()
			answering, answer, err := dialer(t, Config{Net: right, Servers: servers}).Answer(t.Context(), pending.Description())
			if err != nil {
				t.Fatal(err)
			}
			answered := time.Since(began)
			b := serve(t, answering)
			time.Sleep(roundTrip / 2) // the answer's way
			offering, err := pending.Accept(answer)
			if err != nil {
				t.Fatal(err)
			}
			a := serve(t, offering)
			a.until(t, "up", isUp)
			b.until(t, "up", isUp)
			took := time.Since(began)
			t.Logf("answer after %s, up after %s: %s", answered, took, b.Status().Load().Path)
			if took > test.most && !raceDetector {
				t.Errorf("up after %s, want at most %s", took, test.most)
			}
		})
	}
}
