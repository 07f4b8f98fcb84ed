package portservice

import (
	"context"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"time"

	"github.com/causeway-app/causeway/engine/lab"
)

// requestTime is how long an HTTP client may take to send its request.
const requestTime = 10 * time.Second

// upnp is the UPnP side of a router.
type upnp struct {
	*running
	base      string // http://host:port of the descriptions
	router    device
	strangers []device
}

func (r *running) openUPnP(listen lab.Listener) error {
	web, err := listen.ListenTCP(0)
	if err != nil {
		return err
	}
	r.sockets = append(r.sockets, web)
	group, err := listen.ListenMulticast(searchGroup)
	if err != nil {
		return err
	}
	r.sockets = append(r.sockets, group)
	_, port, err := net.SplitHostPort(web.Addr().String())
	if err != nil {
		return err
	}
	u := &upnp{running: r, base: "http://" + net.JoinHostPort(r.leases.table.Inside().String(), port)}
	u.router = gatewayDevice(r.options.IGD)
	for number := range r.options.Strangers {
		u.strangers = append(u.strangers, strangerDevice(number))
	}
	r.parts = append(r.parts,
		func(ctx context.Context) error { return u.serveHTTP(ctx, web) },
		func(ctx context.Context) error { return u.hear(ctx, group) })
	// A search may be sent to the router alone (UPnP Device Architecture 1.1
	// section 1.3.2). Where this fails, the socket of the group has the port.
	if alone, err := listen.ListenUDP(searchGroup.Port()); err == nil {
		r.sockets = append(r.sockets, alone)
		r.parts = append(r.parts, func(ctx context.Context) error { return u.hear(ctx, alone) })
	}
	r.tell = append(r.tell, func(context.Context) { u.notify(group) })
	return nil
}

// serveHTTP answers HTTP until ctx ends.
func (u *upnp) serveHTTP(ctx context.Context, listener net.Listener) error {
	mux := http.NewServeMux()
	for _, d := range append([]device{u.router}, u.strangers...) {
		mux.HandleFunc("GET "+d.descriptionPath(), func(w http.ResponseWriter, _ *http.Request) {
			writeXML(w, http.StatusOK, d.description(u.options.ControlURL))
		})
		for _, s := range d.services() {
			mux.HandleFunc("GET "+s.path("scpd"), func(w http.ResponseWriter, _ *http.Request) {
				writeXML(w, http.StatusOK, s.actionsDocument())
			})
			mux.HandleFunc("POST "+s.path("control"), func(w http.ResponseWriter, request *http.Request) {
				u.control(w, request, s)
			})
		}
	}
	// Handlers hold it to read, so that nothing of them outlives this function.
	var under sync.RWMutex
	server := &http.Server{ReadTimeout: requestTime, Handler: http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		under.RLock()
		defer under.RUnlock()
		if u.options.Silent {
			<-request.Context().Done()
		}
		if pause(request.Context(), u.options.Delay) {
			mux.ServeHTTP(w, request)
		}
	})}
	server.BaseContext = func(net.Listener) context.Context { return ctx }
	// Closing the listener, as the end of ctx does, ends Serve.
	err := server.Serve(listener)
	_ = server.Close()
	under.Lock()
	defer under.Unlock()
	return err
}

func writeXML(w http.ResponseWriter, status int, document string) {
	w.Header().Set("Content-Type", `text/xml; charset="utf-8"`)
	w.Header().Set("Server", serverHeader)
	w.Header().Set("Ext", "")
	w.WriteHeader(status)
	_, _ = w.Write([]byte(`<?xml version="1.0"?>` + "\r\n" + document))
}

// clientOf is who sent an HTTP request.
func clientOf(request *http.Request) netip.Addr {
	at, _ := netip.ParseAddrPort(request.RemoteAddr)
	return unmapped(at).Addr()
}
