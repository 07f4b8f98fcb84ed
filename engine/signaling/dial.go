package signaling

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/coder/websocket"

	"github.com/causeway-app/causeway/engine/invite"
)

// maxConnect is how long name, TCP, TLS and WebSocket may take together.
const maxConnect = 15 * time.Second

// connect opens a WebSocket to a tracker. Whatever it opened is closed when ctx
// ends, after it returned too.
func (c *Client) connect(ctx context.Context, hangUp context.CancelCauseFunc, url string) (*websocket.Conn, error) {
	if err := invite.CheckRendezvous(url); err != nil {
		return nil, err
	}
	timer := time.AfterFunc(maxConnect, func() { hangUp(ErrSilent) })
	defer timer.Stop()
	socket, _, err := websocket.Dial(ctx, url, &websocket.DialOptions{
		HTTPClient: c.httpClient(ctx),
		HTTPHeader: http.Header{"User-Agent": {"Causeway"}},
	})
	if err != nil {
		if cause := context.Cause(ctx); cause != nil {
			err = cause // more telling than that the context ended
		} else {
			hangUp(err)
		}
		return nil, fmt.Errorf("signaling: connecting: %w", err)
	}
	return socket, nil
}

// httpClient returns a client for one WebSocket. net/http goes on dialing, and
// shaking hands with TLS, for requests whose context has ended; so every
// connection is bound to ctx here.
func (c *Client) httpClient(ctx context.Context) *http.Client {
	dial := func(asked context.Context, network, address string) (net.Conn, error) {
		asked, cancel := context.WithCancel(asked)
		defer cancel()
		defer context.AfterFunc(ctx, cancel)()
		conn, err := c.config.Dial(asked, network, address)
		if err != nil {
			return nil, err
		}
		context.AfterFunc(ctx, func() { conn.Close() })
		return conn, nil
	}
	return &http.Client{
		Transport: &http.Transport{
			Proxy:                  http.ProxyFromEnvironment,
			DialContext:            dial,
			TLSClientConfig:        c.config.TLS.Clone(),
			DisableKeepAlives:      true,
			MaxResponseHeaderBytes: 64 << 10,
		},
		// As in browsers: a tracker must not send us to another place.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}
