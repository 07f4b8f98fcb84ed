package link

import (
	"context"
	"crypto/rand"
	"fmt"
	"time"

	"github.com/pion/ice/v4"
	"github.com/pion/interceptor"
	"github.com/pion/webrtc/v4"

	"github.com/causeway-app/causeway/engine/path"
)

// How pion is set up. The reasons for most of it are measurements: see
// engine/link's benchmark.
const (
	disconnectedAfter = 5 * time.Second
	keepAlive         = 2 * time.Second
	// pion leaves the nomination to us: see choice.go. Should nothing come of
	// it, pion nominates after that long.
	nominationWait = 2 * time.Second
	stunTimeout    = 2500 * time.Millisecond
	// bindingRequests, one every 200 ms, let a pair be tried for as long as the
	// other side may need to begin: its answer travels through a rendezvous,
	// and after a lost path ICE restarts every restartAgain. pion gives a pair
	// up for good after that.
	bindingRequests = 60
	dtlsTimeout     = 25 * time.Second
	receiveWindow   = 8 << 20
	// minimumWindow is a floor under SCTP's congestion window, the only remedy
	// of pion's SCTP for random loss. Harmless above 2 Mbit/s.
	minimumWindow = 128 << 10
	// retransmitMost bounds the pause before SCTP tries a path again that was
	// down and is back.
	retransmitMost = 1500 * time.Millisecond
	// messageMost is what we let a peer send in one piece, in bytes.
	messageMost = 64 << 10
)

// controlID is the SCTP stream of the control channel on both sides, far from
// those that streams get.
const controlID = 65000

// connect makes the peer connection and its control channel.
func (l *Link) connect(certificate webrtc.Certificate, servers []webrtc.ICEServer) error {
	settings := l.settings()
	media := &webrtc.MediaEngine{}
	api := webrtc.NewAPI(
		webrtc.WithSettingEngine(settings),
		// Without codecs and interceptors there are no idle RTP goroutines.
		webrtc.WithMediaEngine(media),
		webrtc.WithInterceptorRegistry(&interceptor.Registry{}),
	)
	configuration := webrtc.Configuration{
		ICEServers:   servers,
		Certificates: []webrtc.Certificate{certificate},
	}
	if l.config.Policy == path.RelayOnly {
		configuration.ICETransportPolicy = webrtc.ICETransportPolicyRelay
	}
	peer, err := api.NewPeerConnection(configuration)
	if err != nil {
		return fmt.Errorf("link: %w", err)
	}
	id, negotiated := uint16(controlID), true
	channel, err := peer.CreateDataChannel("control", &webrtc.DataChannelInit{ID: &id, Negotiated: &negotiated})
	if err != nil {
		_ = peer.GracefulClose()
		return fmt.Errorf("link: control channel: %w", err)
	}
	l.peer = peer
	l.listen(channel)
	return nil
}

func (l *Link) settings() webrtc.SettingEngine {
	s := webrtc.SettingEngine{LoggerFactory: pionLogger{l.log}}
	s.SetNet(l.sockets)
	s.SetIncludeLoopbackCandidate(l.config.Loopback)
	s.SetNetworkTypes([]webrtc.NetworkType{webrtc.NetworkTypeUDP4, webrtc.NetworkTypeUDP6})
	s.DisableActiveTCP(true)
	// Descriptions are sealed; there is nobody to hide host addresses from.
	s.SetICEMulticastDNSMode(ice.MulticastDNSModeDisabled)
	// ICE never fails by itself: that would close all candidates. watchLoss
	// decides.
	s.SetICETimeouts(disconnectedAfter, 0, keepAlive)
	s.SetSTUNGatherTimeout(stunTimeout)
	s.SetICEMaxBindingRequests(bindingRequests)
	s.SetHostAcceptanceMinWait(nominationWait)
	s.SetSrflxAcceptanceMinWait(nominationWait)
	s.SetPrflxAcceptanceMinWait(nominationWait)
	s.SetRelayAcceptanceMinWait(nominationWait)
	// The credentials stay the same over a restart: see restart.go.
	l.credentials = iceCredentials{rand.Text()[:16], rand.Text() + rand.Text()}
	s.SetICECredentials(l.credentials.fragment, l.credentials.password)
	s.SetICEBindingRequestHandler(l.bindingRequest)
	s.SetICEProxyDialer(streamDialer{l.sockets})
	if l.config.Policy == path.LANOnly {
		// Peer-reflexive candidates come past every description.
		s.SetRemoteIPFilter(l.nearIP)
	}

	s.SetDTLSConnectContextMaker(func() (context.Context, func()) {
		return context.WithTimeout(context.Background(), dtlsTimeout)
	})

	// ICE has shown by now that the peer is where it says, which is what the
	// cookie exchange would show, a round trip later.
	s.SetDTLSInsecureSkipHelloVerify(true)

	s.DetachDataChannels()
	s.SetSCTPMaxReceiveBufferSize(receiveWindow)
	s.EnableSCTPZeroChecksum(true)
	// The SCTP handshake travels in the descriptions: two round trips less.
	s.EnableSctpSnap(true)
	s.SetSCTPRTOMax(retransmitMost)
	s.SetSCTPMinCwnd(minimumWindow)
	s.SetSCTPMaxMessageSize(messageMost)
	return s
}
