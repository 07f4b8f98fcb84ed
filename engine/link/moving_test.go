package link

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pion/transport/v4/vnet"
	"github.com/pion/turn/v5"

	"github.com/causeway-app/causeway/engine/path"
)

// flowing is a transfer that goes on until it is stopped, and how it went.
type flowing struct {
	out, in *Stream
	stop    chan struct{}
	sent    chan []byte
	got     chan []byte
	longest atomic.Int64 // pause between two reads, in nanoseconds
}

// flows begins a transfer at a moderate rate.
func flows(t *testing.T, from, to *served) *flowing {
	t.Helper()
	out, in := joined(t, from, to, "flow")
	f := &flowing{out: out, in: in, stop: make(chan struct{}), sent: make(chan []byte, 1), got: make(chan []byte, 1)}
	go func() {
		sum, source := sha256.New(), noise(1)
		for stopping := false; !stopping; {
			select {
			case <-f.stop:
				stopping = true // after one more
			case <-time.After(5 * time.Millisecond):
			}
			_, _ = io.CopyN(io.MultiWriter(out, sum), source, 16<<10)
		}
		_ = out.Close()
		f.sent <- sum.Sum(nil)
	}()
	go func() {
		sum, buffer, last := sha256.New(), make([]byte, 64<<10), time.Now()
		for {
			count, err := in.Read(buffer)
			f.longest.Store(max(f.longest.Load(), int64(time.Since(last))))
			last = time.Now()
			_, _ = sum.Write(buffer[:count])
			if err != nil {
				if !errors.Is(err, io.EOF) {
					t.Errorf("reading: %v", err)
				}
				f.got <- sum.Sum(nil)
				return
			}
		}
	}()
	return f
}

// ends stops the transfer and wants all of it to have arrived.
func (f *flowing) ends(t *testing.T) (longest time.Duration) {
	t.Helper()
	close(f.stop)
	if !bytes.Equal(<-f.sent, <-f.got) {
		t.Error("what arrived is not what was sent")
	}
	return time.Duration(f.longest.Load())
}

func TestADirectPathThatOpensLaterIsTaken(t *testing.T) {
	for _, offering := range []bool{true, false} {
		t.Run(map[bool]string{true: "the relay is the offering side's", false: "the relay is the answering side's"}[offering], func(t *testing.T) {
			if testing.Short() {
				t.Skip("takes 15 s")
			}
			// Parallel, for it mostly waits; what it leaves behind is seen by TestMain.
			t.Parallel()
			server := newTURN(t, "127.0.0.1")
			cable := newWire(t)
			cable.cut.Store(true)
			ends := []*Dialer{
				dialer(t, Config{Net: cable, Loopback: true, Servers: []Server{credentials(server.udp)}}),
				dialer(t, Config{}),
			}
			if !offering {
				ends[0], ends[1] = ends[1], ends[0]
			}
			a, b := linked(t, ends[0], ends[1])
			a.until(t, "relayed", func(s Status) bool { return s.Path == path.Relayed })
			transfer := flows(t, a, b)
			time.Sleep(10 * time.Second)
			if a.Status().Load().Path != path.Relayed {
				t.Error("the test shows nothing")
			}
			transfer.longest.Store(0)
			began := time.Now()
			cable.cut.Store(false)
			a.until(t, "direct", direct)
			took := time.Since(began)
			b.until(t, "direct", direct)
			time.Sleep(500 * time.Millisecond)
			stall := transfer.ends(t)
			t.Logf("direct after %s, longest pause %s", took, stall)
			if took > 5*time.Second || stall > 200*time.Millisecond {
				t.Errorf("direct after %s, longest pause %s", took, stall)
			}
			ledger := a.Status().Load().Ledger
			if len(ledger) != 2 || ledger[0].Path != path.Relayed || ledger[0].Out == 0 || ledger[1].Out == 0 {
				t.Errorf("ledger %+v", ledger)
			}
		})
	}
}

// relayHost adds a TURN server to a virtual internet; kill ends it.
func (i *internet) relayHost(t *testing.T, address string) (kill func()) {
	t.Helper()
	host, err := newComputer(&vnet.NetConfig{StaticIPs: []string{address}})
	if err != nil {
		t.Fatal(err)
	}
	if err := i.AddNet(host); err != nil {
		t.Fatal(err)
	}
	conn, err := host.ListenPacket("udp4", net.JoinHostPort(address, "3478"))
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
				RelayAddress: net.ParseIP(address), Address: "0.0.0.0", Net: host,
			},
		}},
		LoggerFactory: i.logs,
	})
	if err != nil {
		t.Fatal(err)
	}
	var once sync.Once
	kill = func() { once.Do(func() { _ = server.Close() }) }
	t.Cleanup(kill)
	return kill
}

func TestARelayThatDiesBetweenTwoSymmetricNATs(t *testing.T) {
	if testing.Short() {
		t.Skip("takes 5 s")
	}
	for name, both := range map[string]bool{"both sides have relays": true, "one side has": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			world := newSlowInternet(t, 10*time.Millisecond)
			left := world.home(t, "27.1.1.1", "192.168.1.0", symmetric)
			right := world.home(t, "28.1.1.1", "10.2.0.0", symmetric)
			kills := map[string]func(){
				"turn:2.2.2.2:3478?transport=udp": world.relayHost(t, "2.2.2.2"),
				"turn:3.3.3.3:3478?transport=udp": world.relayHost(t, "3.3.3.3"),
			}
			world.start(t)
			servers := []Server{
				{URL: "turn:2.2.2.2:3478", Username: "user", Password: "open sesame"},
				{URL: "turn:3.3.3.3:3478", Username: "user", Password: "open sesame"},
			}
			config := Config{Net: right, Servers: []Server{{URL: "stun:1.2.3.4:3478"}}}
			if both {
				config.Servers = servers
			}
			a, b := linked(t, dialer(t, Config{Net: left, Servers: servers}), dialer(t, config))
			before := a.until(t, "relayed", func(s Status) bool { return s.Path == path.Relayed && s.Relay != "" }).Relay
			if before != "turn:2.2.2.2:3478?transport=udp" {
				t.Errorf("relayed by %s, the first one is preferred", before)
			}
			time.Sleep(time.Second) // the standby is told
			transfer := flows(t, a, b)
			time.Sleep(time.Second)
			transfer.longest.Store(0)
			kills[before]()
			began := time.Now()
			after := a.until(t, "on the other", func(s Status) bool { return s.Path == path.Relayed && s.Relay != before })
			t.Logf("on %s after %s", after.Relay, time.Since(began))
			time.Sleep(2 * time.Second)
			stall := transfer.ends(t)
			t.Logf("longest pause %s", stall)
			if stall > 5*time.Second {
				t.Errorf("longest pause %s", stall)
			}
		})
	}
}
