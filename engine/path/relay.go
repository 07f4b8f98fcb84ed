package path

import (
	"net"
	"strings"
)

// Relay is a TURN server as its URI (RFC 7065) names it.
type Relay struct {
	// Name is what people know the server by: its host, with the port unless
	// that is the usual one of the scheme.
	Name string
	// Protocol is how this computer reaches it: UDP, TCP, TLS or DTLS.
	Protocol string
	// Restricted reports that only networks which block faster ways need it: it
	// is reached by TLS, or at the port of web pages by TCP.
	Restricted bool
}

// ParseRelay reads a TURN URI. It takes every text: of one that is no TURN URI
// the name is the text itself.
func ParseRelay(uri string) Relay {
	scheme, rest, found := strings.Cut(uri, ":")
	if !found || scheme != "turn" && scheme != "turns" {
		return Relay{Name: uri}
	}
	rest, query, _ := strings.Cut(rest, "?")
	secure := scheme == "turns"
	usual, stream := "3478", query == "transport=tcp"
	if secure {
		usual, stream = "5349", query != "transport=udp"
	}
	host, port, err := net.SplitHostPort(rest)
	if err != nil {
		host, port = strings.Trim(rest, "[]"), usual
	}
	r := Relay{Name: rest, Protocol: "UDP"}
	if port == usual {
		r.Name = host
	}
	switch {
	case secure && stream:
		r.Protocol = "TLS"
	case secure:
		r.Protocol = "DTLS"
	case stream:
		r.Protocol = "TCP"
	}
	r.Restricted = r.Protocol == "TLS" || stream && port == "443"
	return r
}
