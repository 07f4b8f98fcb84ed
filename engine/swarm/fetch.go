package swarm

import (
	"encoding/binary"
	"fmt"
	"sync"
	"time"

	"github.com/anacrolix/torrent/bencode"
	pp "github.com/anacrolix/torrent/peer_protocol"
)

const (
	// fetchStagger is how much later each further peer is asked for the info
	// while others are being asked: one suffices, and a bad one costs a breath.
	fetchStagger = time.Second
	// maxStagger bounds the wait however many are asked.
	maxStagger = 5 * time.Second
	// infoWindow is how many parts of an info are asked for at once.
	infoWindow = 32
	// maxHeld bounds the messages kept for the library.
	maxHeld = 8 << 20
)

// fetcher speaks BEP 10 and BEP 9 with one peer until the info is known, from
// this peer or another. The library would do it, too, but believes the parts
// before it has the whole, blames the wrong peer and opens storages for
// anything. Messages about pieces are kept for the library.
type fetcher struct {
	c *conn

	mu         sync.Mutex
	handed     bool // the library reads from now on
	held       []byte
	id         uint8 // the peer's number for ut_metadata; 0 is none
	size       int   // of the info; 0 while the peer has none
	info       []byte
	got        []bool
	missing    int
	asked      int // parts asked for, from the first
	refused    bool
	offer      chan struct{} // gets a value when the peer turns out to have the info
	asking     bool
	rejections int
}

func newFetcher(c *conn) *fetcher { return &fetcher{c: c, offer: make(chan struct{}, 1)} }

// greeting is our extension handshake. It says no size, because there is no
// info yet; the library sends another later.
func (f *fetcher) greeting() []byte {
	return extended(uint8(pp.HandshakeExtendedID), bencode.MustMarshal(pp.ExtendedHandshakeMessage{
		M: map[pp.ExtensionName]pp.ExtensionNumber{pp.ExtensionNameMetadata: metadataID},
		V: f.c.torrent.swarm.name,
	}), nil)
}

// extended is a whole extension message.
func extended(id uint8, dictionary, data []byte) []byte {
	b := binary.BigEndian.AppendUint32(nil, uint32(2+len(dictionary)+len(data)))
	b = append(b, byte(pp.Extended), id)
	b = append(b, dictionary...)
	return append(b, data...)
}

func infoMessage(id uint8, kind pp.ExtendedMetadataRequestMsgType, part int) []byte {
	// By hand, for the library's type has a total_size even in requests.
	return extended(id, fmt.Appendf(nil, "d8:msg_typei%de5:piecei%dee", kind, part), nil)
}

// run reads the peer's messages until the library takes over or the
// connection ends.
func (f *fetcher) run() {
	for {
		out, info, err := f.step()
		if err != nil {
			f.c.fail(err)
			f.c.Close()
			return
		}
		if info != nil {
			f.c.torrent.learn(info)
		}
		if out == nil && f.isHanded() {
			return
		}
		for _, message := range out {
			if _, err := f.c.send(message); err != nil {
				f.c.Close()
				return
			}
		}
	}
}

func (f *fetcher) isHanded() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.handed
}

// step takes one message, unless the library has taken over while it came. It
// returns what to send, and the info once it is complete and right.
func (f *fetcher) step() (out [][]byte, info []byte, err error) {
	f.c.inLock.Lock()
	defer f.c.inLock.Unlock()
	if f.isHanded() {
		return nil, nil, nil
	}
	head, err := f.c.in.Peek(4)
	if err == nil {
		length := binary.BigEndian.Uint32(head)
		if length > maxMessage {
			return nil, nil, fmt.Errorf("%w: message of %d bytes", ErrProtocol, length)
		}
		head, err = f.c.in.Peek(4 + int(length))
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.handed {
		return nil, nil, nil // the library will see it, or the error
	}
	if err != nil {
		return nil, nil, err
	}
	defer f.c.in.Discard(len(head))
	out, err = f.take(head)
	if err != nil || f.missing > 0 || f.info == nil {
		return out, nil, err
	}
	info, f.info = f.info, nil
	f.finish()
	if InfoHash(info) != f.c.torrent.infoHash {
		f.c.torrent.swarm.ban(f.c.peer.Addr())
		return nil, nil, ErrMetadata
	}
	return out, info, nil
}

// take handles one whole message.
func (f *fetcher) take(message []byte) (out [][]byte, err error) {
	if len(message) == 4 { // keep-alive
		return nil, nil
	}
	if len(message) < 6 || pp.MessageType(message[4]) != pp.Extended {
		return nil, f.hold(message)
	}
	switch id, payload := message[5], message[6:]; id {
	case byte(pp.HandshakeExtendedID):
		extensions, err := parseExtensions(payload)
		if err != nil {
			return nil, err
		}
		if err := f.meet(extensions); err != nil {
			return nil, err
		}
		return nil, f.hold(message)
	case metadataID:
		m, data, err := parseInfoMessage(payload)
		if err != nil {
			return nil, err
		}
		return f.answer(m, data)
	default:
		return nil, nil
	}
}

// hold keeps a message for the library.
func (f *fetcher) hold(message []byte) error {
	if len(f.held)+len(message) > maxHeld {
		return fmt.Errorf("%w: too much before the info", ErrProtocol)
	}
	f.held = append(f.held, message...)
	return nil
}

// meet takes an extension handshake; the peer sends another one when it has
// got the info itself.
func (f *fetcher) meet(extensions pp.ExtendedHandshakeMessage) error {
	if id, ok := extensions.M[pp.ExtensionNameMetadata]; ok {
		f.id = uint8(id)
	}
	switch {
	case extensions.MetadataSize == 0 || f.id == 0 || f.size == extensions.MetadataSize:
		return nil
	case f.size != 0:
		return fmt.Errorf("%w: the info's size changes", ErrProtocol)
	}
	f.size = extensions.MetadataSize
	f.offer <- struct{}{}
	return nil
}

// answer takes a ut_metadata message.
func (f *fetcher) answer(m pp.ExtendedMetadataRequestMsg, data []byte) (out [][]byte, err error) {
	switch m.Type {
	case pp.RequestMetadataExtensionMsgType:
		if f.rejections++; f.rejections > maxInfoRequests {
			return nil, fmt.Errorf("%w: asks for the info again and again", ErrProtocol)
		}
		if f.id == 0 {
			return nil, nil
		}
		return [][]byte{infoMessage(f.id, pp.RejectMetadataExtensionMsgType, m.Piece)}, nil
	case pp.RejectMetadataExtensionMsgType:
		f.refused = true
		f.finish()
		return nil, nil
	case pp.DataMetadataExtensionMsgType:
	default:
		return nil, nil
	}
	if m.Piece >= f.asked || f.got[m.Piece] {
		return nil, fmt.Errorf("%w: part %d of the info was not asked for", ErrProtocol, m.Piece)
	}
	if begin := m.Piece * chunkSize; len(data) != min(chunkSize, f.size-begin) {
		return nil, fmt.Errorf("%w: part %d of the info has %d bytes", ErrProtocol, m.Piece, len(data))
	} else {
		copy(f.info[begin:], data)
	}
	f.got[m.Piece] = true
	f.missing--
	return f.request(1), nil
}

// ask begins to ask for the info.
func (f *fetcher) ask() [][]byte {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.handed || f.refused || f.info != nil || f.size == 0 {
		return nil
	}
	parts := (f.size + chunkSize - 1) / chunkSize
	f.info, f.got, f.missing = make([]byte, f.size), make([]bool, parts), parts
	f.asking = true
	f.c.torrent.fetching.Add(1)
	return f.request(infoWindow)
}

// request asks for the next n parts. An answer writes one message, so that a
// peer with a large info is not flooded.
func (f *fetcher) request(n int) (out [][]byte) {
	for ; n > 0 && f.asked < len(f.got); n-- {
		out = append(out, infoMessage(f.id, pp.RequestMetadataExtensionMsgType, f.asked))
		f.asked++
	}
	return out
}

// finish gives the place among those that are asked to another peer.
func (f *fetcher) finish() {
	if f.asking {
		f.asking = false
		f.c.torrent.fetching.Add(-1)
	}
}

// handOver ends the fetching and returns the messages kept for the library.
func (f *fetcher) handOver() []byte {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.handed = true
	f.finish()
	f.info, f.got = nil, nil
	return f.held
}

// await runs beside run: it asks the peer in its turn, and returns when the
// torrent is ready or the connection has ended.
func (f *fetcher) await() {
	var turn <-chan time.Time
	for {
		select {
		case <-f.c.torrent.ready:
			return
		case <-f.c.done:
			f.handOver()
			return
		case <-f.offer:
			ahead := time.Duration(f.c.torrent.fetching.Load())
			turn = time.After(min(ahead*fetchStagger, maxStagger))
		case <-turn:
			turn = nil
			for _, message := range f.ask() {
				if _, err := f.c.send(message); err != nil {
					f.c.Close()
					break
				}
			}
		}
	}
}
