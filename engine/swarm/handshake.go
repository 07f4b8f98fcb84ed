package swarm

import (
	"fmt"
	"io"
	"net"
	"time"

	pp "github.com/anacrolix/torrent/peer_protocol"
)

const (
	// handshakeSize is pstrlen, pstr, reserved, info-hash and peer id (BEP 3).
	handshakeSize = 20 + 8 + 20 + 20
	// handshakeTime is generous: both sides send at once, and a lane is slow
	// only where it is hopeless.
	handshakeTime = 10 * time.Second
)

// ownExtensions are the extension protocol (BEP 10) and the fast extension
// (BEP 6).
var ownExtensions = pp.NewPeerExtensionBytes(pp.ExtensionBitLtep, pp.ExtensionBitFast)

// handshake is what both sides of a connection send first.
type handshake struct {
	extensions pp.PeerExtensionBits
	infoHash   [20]byte
	peerID     [20]byte
}

func (h handshake) encode() []byte {
	b := make([]byte, 0, handshakeSize)
	b = append(b, pp.Protocol...)
	b = append(b, h.extensions[:]...)
	b = append(b, h.infoHash[:]...)
	return append(b, h.peerID[:]...)
}

func parseHandshake(b []byte) (h handshake, err error) {
	if len(b) != handshakeSize || string(b[:20]) != pp.Protocol {
		return h, fmt.Errorf("%w: not BitTorrent", ErrHandshake)
	}
	copy(h.extensions[:], b[20:28])
	copy(h.infoHash[:], b[28:48])
	copy(h.peerID[:], b[48:])
	return h, nil
}

// known keeps the extension bits that this package understands. Others would
// each become a key of a process-wide table of the library's.
func known(bits pp.PeerExtensionBits) pp.PeerExtensionBits {
	var kept pp.PeerExtensionBits
	kept.SetBit(pp.ExtensionBitLtep, bits.SupportsExtended())
	kept.SetBit(pp.ExtensionBitFast, bits.SupportsFast())
	return kept
}

// shakeHands sends own to raw and reads the peer's handshake from in, which
// reads raw. Both happen at once: either side may be first, and neither waits
// for the other. It takes handshakeTime at most, by closing raw.
func shakeHands(raw net.Conn, in io.Reader, own handshake) (peer handshake, err error) {
	late := time.AfterFunc(handshakeTime, func() { raw.Close() })
	defer func() {
		if !late.Stop() && err != nil {
			err = fmt.Errorf("%w: took longer than %v", ErrHandshake, handshakeTime)
		}
	}()
	sent := make(chan error, 1)
	go func() {
		_, err := raw.Write(own.encode())
		sent <- err
	}()
	b := make([]byte, handshakeSize)
	_, err = io.ReadFull(in, b)
	if err != nil {
		raw.Close() // or the write could wait for ever
		<-sent
		return peer, fmt.Errorf("%w: %w", ErrHandshake, err)
	}
	if peer, err = parseHandshake(b); err == nil && peer.infoHash != own.infoHash {
		err = fmt.Errorf("%w: the peer wants another torrent", ErrHandshake)
	}
	if err == nil && peer.peerID == own.peerID {
		err = fmt.Errorf("%w: connected to itself", ErrHandshake)
	}
	if err != nil {
		raw.Close()
		<-sent
		return peer, err
	}
	if err = <-sent; err != nil {
		return peer, fmt.Errorf("%w: %w", ErrHandshake, err)
	}
	return peer, nil
}
