package link

import (
	"log/slog"
	"net"
	"strconv"
	"time"

	"github.com/pion/stun/v4"
	"github.com/pion/webrtc/v4"

	"github.com/causeway-app/causeway/engine/path"
)

// Server is a STUN or TURN server.
type Server struct {
	// URL is a stun:, turn: or turns: URI (RFC 7064, RFC 7065).
	URL string
	// Username and Password are long-term credentials; TURN needs both.
	Username, Password string
	// Expires is when these are no longer good; zero where they always are.
	Expires time.Time
}

// serverLimit bounds the servers of one link: each of them is asked from
// sockets of its own.
const serverLimit = 16

// relayServer is a TURN server by the addresses that packets are seen to go to.
type relayServer struct {
	// uri names the server the way it was configured, with its transport.
	uri string
	// hostPort is what pion asks to be resolved; network is udp or tcp.
	host, hostPort, network string
	secure                  bool // TLS or DTLS
	username, password      string
	expires                 time.Time
	rank                    int // in the order of preference
}

// LogValue is slog's: no password is logged.
func (r *relayServer) LogValue() slog.Value { return slog.StringValue(r.uri) }

// servers are what ICE may ask under one policy.
type servers struct {
	ice    []webrtc.ICEServer
	relays []*relayServer
	stun   bool // some of them tell server-reflexive addresses
}

// chooseServers drops servers that the policy does not use or that pion must
// not see: it gives up all TURN servers at the first one without credentials.
func chooseServers(list []Server, policy path.Policy, log *slog.Logger) servers {
	var chosen servers
	if policy == path.LANOnly {
		return chosen
	}
	for _, server := range list {
		uri, err := stun.ParseURI(server.URL)
		if err != nil {
			log.Warn("a server's address cannot be read, it is not used", "server", server.URL, "error", err)
			continue
		}
		turn := uri.Scheme == stun.SchemeTypeTURN || uri.Scheme == stun.SchemeTypeTURNS
		switch {
		case turn && policy == path.DirectOnly, !turn && policy == path.RelayOnly:
			continue
		case turn && (server.Username == "" || server.Password == ""):
			log.Warn("a TURN server has no username or no password, it is not used", "server", server.URL)
			continue
		case len(chosen.ice) >= serverLimit:
			log.Warn("too many servers, one is not used", "server", server.URL)
			continue
		}
		entry := webrtc.ICEServer{URLs: []string{server.URL}}
		if turn {
			entry.Username, entry.Credential = server.Username, server.Password
			relay := newRelayServer(uri)
			relay.username, relay.password, relay.rank = server.Username, server.Password, len(chosen.relays)
			relay.expires = server.Expires
			chosen.relays = append(chosen.relays, relay)
		}
		chosen.stun = chosen.stun || (uri.Proto == stun.ProtoTypeUDP && uri.Scheme != stun.SchemeTypeTURNS && policy != path.RelayOnly)
		chosen.ice = append(chosen.ice, entry)
	}
	return chosen
}

func newRelayServer(uri *stun.URI) *relayServer {
	network := "udp"
	if uri.Proto == stun.ProtoTypeTCP {
		network = "tcp"
	}
	hostPort := net.JoinHostPort(uri.Host, strconv.Itoa(uri.Port))
	return &relayServer{
		uri: uri.String(), host: uri.Host, hostPort: hostPort, network: network, secure: uri.Scheme == stun.SchemeTypeTURNS,
	}
}
