package link

import (
	"context"
	"crypto/rand"
	"fmt"
	"time"

	"github.com/pion/ice/v4"
	"github.com/pion/interceptor"
	"github.com/pion/stun/v4"
	"github.com/pion/webrtc/v4"

	"github.com/causeway-app/causeway/engine/path"
)

// How pion is set up. The reasons for most of it are measurements: see
// engine/link's benchmark.
const (
	disconnectedAfter = 5 * time.Second
	failedAfter       = 25 * time.Second
	keepAlive         = 2 * time.Second
	// A direct pair gets this long before anything else may be nominated;
	// renomination moves to a better pair later.
	relayWait     = 200 * time.Millisecond
	reflexiveWait = 100 * time.Millisecond
	renominate    = 3 * time.Second
	stunTimeout   = 2500 * time.Millisecond
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
	retransmitMost = 5 * time.Second
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
	s.SetICETimeouts(disconnectedAfter, failedAfter, keepAlive)
	s.SetSTUNGatherTimeout(stunTimeout)
	s.SetICEMaxBindingRequests(bindingRequests)
	l.setWaits(&s)
	// The credentials stay the same over a restart: see restart.go.
	s.SetICECredentials(rand.Text()[:16], rand.Text()+rand.Text())
	s.SetICEBindingRequestHandler(l.followNomination)
	if err := s.SetICERenomination(webrtc.WithRenominationInterval(renominate)); err != nil {
		l.log.Warn("ICE renomination is off", "error", err)
	}
	if l.config.Policy == path.LANOnly {
		// Peer-reflexive candidates come past every description.
		s.SetRemoteIPFilter(l.nearIP)
	}

	s.SetDTLSConnectContextMaker(func() (context.Context, func()) {
		return context.WithTimeout(context.Background(), dtlsTimeout)
	})

	s.DetachDataChannels()
	s.SetSCTPMaxReceiveBufferSize(receiveWindow)
	s.EnableSCTPZeroChecksum(true)
	s.SetSCTPRTOMax(retransmitMost)
	s.SetSCTPMinCwnd(minimumWindow)
	s.SetSCTPMaxMessageSize(messageMost)
	return s
}

// setWaits gives direct pairs a head start, if there can be any.
func (l *Link) setWaits(s *webrtc.SettingEngine) {
	relay, reflexive := relayWait, reflexiveWait
	if l.config.Policy == path.RelayOnly {
		relay, reflexive = 0, 0
	}
	s.SetHostAcceptanceMinWait(0)
	s.SetSrflxAcceptanceMinWait(reflexive)
	s.SetPrflxAcceptanceMinWait(reflexive)
	s.SetRelayAcceptanceMinWait(relay)
}

// followNomination lets the answering side use whichever pair the offering
// side nominated last. pion would stay with a pair of the same priority, which
// after a restart of the offering side is one that nobody listens to. It runs
// inside pion's ICE loop and must not wait.
func (l *Link) followNomination(m *stun.Message, _, _ ice.Candidate, _ *ice.CandidatePair) bool {
	return !l.offers && m.Contains(stun.AttrUseCandidate)
}
