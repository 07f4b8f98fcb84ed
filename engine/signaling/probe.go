package signaling

import (
	"context"
	"errors"
	"net"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/coder/websocket"

	"github.com/causeway-app/causeway/engine/invite"
)

// Probed is how a tracker took a connection.
type Probed struct {
	// Took is from the name's look-up to the end of the handshake.
	Took time.Duration
	// Connected tells that something has accepted the connection.
	Connected bool
	// Status is the HTTP status that came instead of a WebSocket; 0 for none.
	Status int
}

// Probe connects to a tracker, with no more of config than what it dials by, and
// hangs up: it announces nothing, so that nobody hears of it. limit bounds it. The
// error wraps ErrSilent where nothing was answered in time, and ctx's where that
// has ended.
func Probe(ctx context.Context, config Config, url string, limit time.Duration) (Probed, error) {
	if err := invite.CheckRendezvous(url); err != nil {
		return Probed{}, err
	}
	limited, stop := context.WithTimeoutCause(ctx, limit, ErrSilent)
	defer stop() // every connection ends with it
	config = config.withDefaults()
	var connected atomic.Bool
	dial := config.Dial
	config.Dial = func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := dial(ctx, network, address)
		if err == nil {
			connected.Store(true)
		}
		return conn, err
	}
	client := &Client{config: config}
	start := time.Now()
	socket, response, err := websocket.Dial(limited, url, &websocket.DialOptions{
		HTTPClient: client.httpClient(limited),
		HTTPHeader: http.Header{"User-Agent": {"Causeway"}},
	})
	probed := Probed{Took: time.Since(start), Connected: connected.Load()}
	if response != nil {
		probed.Status = response.StatusCode
	}
	if err == nil {
		_ = socket.CloseNow()
		return probed, nil
	}
	if cause := context.Cause(limited); cause != nil && !errors.Is(err, cause) {
		err = errors.Join(cause, err)
	}
	return probed, err
}
