package signaling_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"net"
	"sync"
	"testing"

	"github.com/causeway-app/causeway/engine/invite"
	"github.com/causeway-app/causeway/engine/signaling"
)

// recorder keeps what is written to a connection.
type recorder struct {
	net.Conn
	mu   *sync.Mutex
	sent *bytes.Buffer
}

func (r recorder) Write(data []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.sent.Write(data)
	return r.Conn.Write(data)
}

// frames returns the payload lengths of the WebSocket frames after the request.
func frames(t *testing.T, stream []byte) (lengths []int) {
	t.Helper()
	_, stream, found := bytes.Cut(stream, []byte("\r\n\r\n"))
	if !found {
		t.Fatal("no request")
	}
	for len(stream) >= 2 {
		length, header := int(stream[1]&0x7f), 2
		switch length {
		case 126:
			length, header = int(binary.BigEndian.Uint16(stream[2:])), 4
		case 127:
			length, header = int(binary.BigEndian.Uint64(stream[2:])), 10
		}
		lengths = append(lengths, length)
		stream = stream[min(header+4+length, len(stream)):] // 4 bytes of mask
	}
	return lengths
}

// aquatic_ws, which public rendezvous run, hangs up on frames above 16 KiB,
// messages above 64 KiB, and more than 10 offers.
func TestLargeOffersGoInFramesThatEveryTrackerTakes(t *testing.T) {
	t.Parallel()
	line := newLine(t)
	var mu sync.Mutex
	var sent bytes.Buffer
	client := newClient(t, signaling.Config{Dial: func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := new(net.Dialer).DialContext(ctx, network, address)
		return recorder{conn, &mu, &sent}, err
	}})
	keys := invite.NewSecret().Keys()
	client.Join(keys, []string{line.url})
	var offers []signaling.Offer
	for n := range 30 {
		offers = append(offers, signaling.Offer{ID: offerID(byte(n)), Plaintext: bytes.Repeat([]byte{byte(n)}, 5000)})
	}
	client.Offer(keys.Room, "", offers)
	socket := line.accept(t)
	if message := socket.hear(t); message["event"] != "started" || message["offers"] != nil || message["left"] == 0.0 {
		t.Errorf("first came %v", message)
	}
	for arrived := 0; arrived < len(offers); {
		message := socket.hear(t)
		batch := message["offers"].([]any)
		if message["numwant"] != float64(len(batch)) || len(batch) > 10 {
			t.Errorf("%v wanted with %d offers", message["numwant"], len(batch))
		}
		if message["event"] != nil || message["left"] != 1.0 || message["uploaded"] != 0.0 || message["downloaded"] != 0.0 {
			t.Errorf("event %v, left %v", message["event"], message["left"])
		}
		arrived += len(batch)
	}
	mu.Lock()
	defer mu.Unlock()
	total := 0
	for _, length := range frames(t, sent.Bytes()) {
		total += length
		if length > 16<<10 {
			t.Errorf("a frame of %d bytes", length)
		}
	}
	if total < 30*5000 {
		t.Errorf("only %d bytes in frames", total)
	}
}
