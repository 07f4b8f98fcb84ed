package engine

import (
	"context"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/causeway-app/causeway/engine/path"
	"github.com/causeway-app/causeway/engine/settings"
)

// metering is the server from which counters are read, on this computer alone.
type metering struct {
	service service
	wanted  string // its address in the settings; empty is none
	failed  bool
	// carried is the payload by path since this process began.
	carried map[path.Kind]carriage
}

// carriage is payload in bytes.
type carriage struct{ in, out int64 }

// carry adds what a link has carried since it was last looked at.
func (o *owner) carry(p *peerLink) {
	total := map[path.Kind]carriage{}
	for _, entry := range p.status.Ledger {
		sum := total[entry.Path]
		total[entry.Path] = carriage{sum.in + entry.In, sum.out + entry.Out}
	}
	if o.metering.carried == nil {
		o.metering.carried = map[path.Kind]carriage{}
	}
	for kind, now := range total {
		sum, before := o.metering.carried[kind], p.carried[kind]
		o.metering.carried[kind] = carriage{sum.in + max(now.in-before.in, 0), sum.out + max(now.out-before.out, 0)}
	}
	p.carried = total
}

// meter starts, stops or moves the server, as the settings want it. again tries
// once more what could not be.
func (o *owner) meter(again bool) {
	m := &o.metering
	wanted := o.settings.Metrics
	if wanted == m.wanted && !(again && m.failed) {
		return
	}
	if m.failed {
		o.settle(BadSetting, m.wanted)
	}
	m.wanted, m.failed = wanted, false
	if wanted == "" {
		o.replace(&m.service, nil, nil)
		return
	}
	o.replace(&m.service, func(ctx context.Context, _ teller) error { return o.serveMetrics(ctx, wanted) }, func(err error) {
		m.failed = true
		o.tell(Problem{Code: BadSetting, Subject: wanted, Err: err})
	})
}

// serveMetrics answers at /metrics until ctx ends, with every connection closed.
func (o *owner) serveMetrics(ctx context.Context, wanted string) error {
	address, err := settings.MetricsAddress(wanted)
	if err != nil {
		return err
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", address.String())
	if err != nil {
		return err
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /metrics", o.answerMetrics)
	var open sync.WaitGroup
	server := &http.Server{
		Handler:           http.MaxBytesHandler(ownHost(mux), 0),
		ReadHeaderTimeout: 5 * time.Second, WriteTimeout: 10 * time.Second, IdleTimeout: time.Minute,
		MaxHeaderBytes: 16 << 10,
		BaseContext:    func(net.Listener) context.Context { return ctx },
		ConnState: func(_ net.Conn, state http.ConnState) {
			switch state {
			case http.StateNew:
				open.Add(1)
			case http.StateClosed:
				open.Done()
			}
		},
	}
	defer context.AfterFunc(ctx, func() { _ = server.Close() })()
	err = server.Serve(listener)
	_ = server.Close()
	open.Wait()
	return err
}

// ownHost refuses requests for other hosts: a page in a browser of this computer
// may give its own name this computer's address.
func ownHost(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host, _, err := net.SplitHostPort(r.Host)
		if err != nil {
			host = r.Host
		}
		if _, err := settings.MetricsAddress(net.JoinHostPort(host, "80")); err != nil {
			http.Error(w, "not for this host", http.StatusMisdirectedRequest)
			return
		}
		next.ServeHTTP(w, r)
	})
}

func (o *owner) answerMetrics(w http.ResponseWriter, r *http.Request) {
	answer := make(chan []metricFamily, 1)
	if err := o.postVerb(r.Context(), func() { answer <- o.metrics() }); err != nil {
		http.Error(w, "ending", http.StatusServiceUnavailable)
		return
	}
	select {
	case families := <-answer:
		w.Header().Set("Content-Type", metricsType)
		_ = writeMetrics(w, families)
	case <-r.Context().Done():
	case <-o.stopped:
	}
}
