package swarm

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"sync/atomic"

	"github.com/anacrolix/torrent/bencode"
	pp "github.com/anacrolix/torrent/peer_protocol"
)

const (
	// maxMessage is what the library reads at most: type and content of a
	// message, without the length.
	maxMessage = 64 << 10
	// screenSize holds one whole message with its length.
	screenSize = 4 + maxMessage
	// chunkSize is what is requested at once, by convention of all clients.
	chunkSize = 16 << 10
	// maxRequest is the largest request served. The library panics on what is
	// larger than its limiter's burst.
	maxRequest = 128 << 10
	// maxUnanswered bounds what a peer may send, apart from pieces, while it
	// takes nothing from us: answers pile up in memory meanwhile.
	maxUnanswered = 8 << 20
	// maxInfoRequests bounds the answers of 16 KiB to requests of 40 bytes; it
	// is twice what the largest info needs.
	maxInfoRequests = 2 * maxInfoSize / chunkSize
	// maxHandshakes bounds the extension handshakes (BEP 10 allows repeats).
	maxHandshakes = 16
	// metadataID is our number for ut_metadata messages (BEP 9).
	metadataID = 1
)

// screen reads a peer's messages and lets pass what the library can take. It
// drops what is of no use here and fails on what could make the library panic
// or exhaust memory.
type screen struct {
	in   *bufio.Reader
	left int // bytes of the present message that may still pass

	told         bool // the peer has told which pieces it has
	handshakes   int
	infoRequests int
	// unanswered counts bytes since the last write; answered, called by
	// whoever writes, sets it back.
	unanswered atomic.Int64
}

func (s *screen) answered() { s.unanswered.Store(0) }

// Read returns bytes of messages that may pass, of as many messages as have
// arrived and fit.
func (s *screen) Read(p []byte) (n int, err error) {
	for n < len(p) {
		if n > 0 && !s.ready() {
			break
		}
		if s.left == 0 {
			if err := s.next(); err != nil {
				if n > 0 && !errors.Is(err, ErrProtocol) {
					break // the reader will say it again
				}
				return n, err
			}
		}
		m, err := s.in.Read(p[n:min(len(p), n+s.left)])
		n, s.left = n+m, s.left-m
		if err != nil {
			return n, err
		}
	}
	return n, nil
}

// ready reports whether Read can go on without waiting for the peer.
func (s *screen) ready() bool {
	if s.left > 0 {
		return s.in.Buffered() > 0
	}
	if s.in.Buffered() < 5 {
		return false
	}
	head, _ := s.in.Peek(5)
	length := int64(binary.BigEndian.Uint32(head))
	return length <= maxMessage && s.in.Buffered() >= need(length, pp.MessageType(head[4]))
}

// need is how much of a message must be there to judge it.
func need(length int64, kind pp.MessageType) int {
	switch {
	case length == 0:
		return 4
	case kind == pp.Extended:
		return int(4 + length)
	case kind == pp.Piece:
		return 5
	default:
		return int(4 + min(length, 13))
	}
}

// next skips to the next message that may pass and sets left.
func (s *screen) next() error {
	for {
		head, err := s.in.Peek(4)
		if err != nil {
			return err
		}
		length := int64(binary.BigEndian.Uint32(head))
		if length > maxMessage {
			return fmt.Errorf("%w: message of %d bytes", ErrProtocol, length)
		}
		if length == 0 { // keep-alive
			s.in.Discard(4)
			continue
		}
		if head, err = s.in.Peek(5); err != nil {
			return err
		}
		kind := pp.MessageType(head[4])
		if head, err = s.in.Peek(need(length, kind)); err != nil {
			return err
		}
		if kind != pp.Piece && s.unanswered.Add(4+length) > maxUnanswered {
			return fmt.Errorf("%w: sends and does not read", ErrProtocol)
		}
		pass, err := s.judge(kind, head[5:])
		if err != nil {
			return err
		}
		if pass {
			s.left = int(4 + length)
			return nil
		}
		if _, err := s.in.Discard(int(4 + length)); err != nil {
			return err
		}
	}
}

// judge looks at the beginning of a message's content, or at the whole of an
// extension message.
func (s *screen) judge(kind pp.MessageType, content []byte) (pass bool, err error) {
	switch kind {
	case pp.Choke, pp.Unchoke, pp.Interested, pp.NotInterested, pp.Piece, pp.Cancel, pp.Reject:
		return true, nil
	case pp.Bitfield, pp.HaveAll, pp.HaveNone:
		// BEP 6: one of these, once, before any have. HaveAll, HaveNone, Have
		// would make the library panic when the torrent is closed.
		if s.told {
			return false, fmt.Errorf("%w: tells again what it has", ErrProtocol)
		}
		s.told = true
		return true, nil
	case pp.Have:
		s.told = true
		if len(content) < 4 || binary.BigEndian.Uint32(content) >= maxPieces {
			return false, fmt.Errorf("%w: has a piece that cannot be", ErrProtocol)
		}
		return true, nil
	case pp.Request:
		if len(content) < 12 {
			return false, fmt.Errorf("%w: short request", ErrProtocol)
		}
		if n := binary.BigEndian.Uint32(content[8:]); n == 0 || n > maxRequest {
			return false, fmt.Errorf("%w: request of %d bytes", ErrProtocol, n)
		}
		return true, nil
	case pp.Extended:
		return s.judgeExtended(content)
	case pp.Suggest, pp.AllowedFast, pp.Port, pp.HashRequest, pp.Hashes, pp.HashReject:
		// Allowed-fast indexes are not checked by the library; nobody is left
		// choked here, so nothing is lost without them.
		return false, nil
	default:
		return false, fmt.Errorf("%w: message type %d", ErrProtocol, kind)
	}
}

func (s *screen) judgeExtended(content []byte) (pass bool, err error) {
	if len(content) == 0 {
		return false, fmt.Errorf("%w: empty extension message", ErrProtocol)
	}
	switch id, payload := content[0], content[1:]; id {
	case byte(pp.HandshakeExtendedID):
		if s.handshakes++; s.handshakes > maxHandshakes {
			return false, fmt.Errorf("%w: too many extension handshakes", ErrProtocol)
		}
		_, err := parseExtensions(payload)
		return err == nil, err
	case metadataID:
		message, _, err := parseInfoMessage(payload)
		if err != nil {
			return false, err
		}
		// An answer comes too late: the info is known when the library reads.
		if message.Type != pp.RequestMetadataExtensionMsgType {
			return false, nil
		}
		if s.infoRequests++; s.infoRequests > maxInfoRequests {
			return false, fmt.Errorf("%w: asks for the info again and again", ErrProtocol)
		}
		return true, nil
	default:
		return false, nil
	}
}

// parseExtensions reads an extension handshake (BEP 10).
func parseExtensions(payload []byte) (pp.ExtendedHandshakeMessage, error) {
	var message pp.ExtendedHandshakeMessage
	err := decode(payload, &message)
	if _, trailing := errors.AsType[bencode.ErrUnusedTrailingBytes](err); err != nil && !trailing {
		return message, fmt.Errorf("%w: extension handshake: %w", ErrProtocol, err)
	} else if trailing {
		return message, fmt.Errorf("%w: bytes after the extension handshake", ErrProtocol)
	}
	if message.MetadataSize < 0 || message.MetadataSize > maxInfoSize {
		return message, fmt.Errorf("%w: info of %d bytes", ErrProtocol, message.MetadataSize)
	}
	return message, nil
}

// parseInfoMessage reads a ut_metadata message (BEP 9) and returns the bytes
// that follow its dictionary.
func parseInfoMessage(payload []byte) (message pp.ExtendedMetadataRequestMsg, data []byte, err error) {
	err = decode(payload, &message)
	if trailing, ok := errors.AsType[bencode.ErrUnusedTrailingBytes](err); ok {
		data, err = payload[len(payload)-trailing.NumUnusedBytes:], nil
	}
	if err == nil && (message.Piece < 0 || message.Piece >= maxInfoSize/chunkSize) {
		err = fmt.Errorf("part %d", message.Piece)
	}
	if err != nil {
		return message, nil, fmt.Errorf("%w: metadata message: %w", ErrProtocol, err)
	}
	return message, data, nil
}

var _ io.Reader = (*screen)(nil)
