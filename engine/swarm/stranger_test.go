package swarm_test

import (
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"net/netip"
	"testing"
	"time"

	"github.com/anacrolix/torrent/bencode"
	pp "github.com/anacrolix/torrent/peer_protocol"

	"github.com/causeway-app/causeway/engine/swarm"
)

// stranger is a peer made of bytes.
type stranger struct {
	t     *testing.T
	conn  net.Conn
	at    netip.AddrPort
	ended chan error
}

// comes attaches a stranger who has not said anything.
func comes(t *testing.T, to *swarm.Torrent) *stranger {
	t.Helper()
	near, far := wire(t)
	s := &stranger{t: t, conn: far, at: someone(), ended: make(chan error, 1)}
	to.Attach(near, s.at, func(err error) { s.ended <- err })
	return s
}

// greets attaches a stranger who has shaken hands as a peer of the share.
func greets(t *testing.T, to *swarm.Torrent, hash [20]byte) *stranger {
	t.Helper()
	s := comes(t, to)
	s.say(string(hello(hash)))
	if _, err := io.ReadFull(s.conn, make([]byte, 68)); err != nil {
		t.Fatal(err)
	}
	return s
}

func hello(hash [20]byte) []byte {
	bits := pp.NewPeerExtensionBytes(pp.ExtensionBitLtep, pp.ExtensionBitFast)
	b := append([]byte(pp.Protocol), bits[:]...)
	b = append(b, hash[:]...)
	return append(b, "-XX0000-abcdefghijkl"...)
}

func (s *stranger) say(text string) {
	// The other side may hang up in the middle; that is what is tested.
	s.conn.SetWriteDeadline(time.Now().Add(patience))
	io.WriteString(s.conn, text)
}

func (s *stranger) send(messages ...pp.Message) {
	for _, m := range messages {
		s.say(string(m.MustMarshalBinary()))
	}
}

// drain takes whatever comes, as a peer does who reads.
func (s *stranger) drain() { go io.Copy(io.Discard, s.conn) }

// read returns the next message that is one of the kinds.
func (s *stranger) read(kinds ...pp.MessageType) (kind pp.MessageType, content []byte) {
	s.t.Helper()
	s.conn.SetReadDeadline(time.Now().Add(patience))
	for {
		var head [4]byte
		if _, err := io.ReadFull(s.conn, head[:]); err != nil {
			s.t.Fatalf("waiting for %v: %v", kinds, err)
		}
		body := make([]byte, binary.BigEndian.Uint32(head[:]))
		if _, err := io.ReadFull(s.conn, body); err != nil {
			s.t.Fatal(err)
		}
		for _, k := range kinds {
			if len(body) > 0 && pp.MessageType(body[0]) == k {
				return k, body[1:]
			}
		}
	}
}

func raw(id byte, content string) string {
	b := binary.BigEndian.AppendUint32(nil, uint32(1+len(content)))
	return string(append(b, id)) + content
}

func extension(id byte, content string) string { return raw(20, string(id)+content) }

// serveInfo answers requests for the info with what the stranger has.
func (s *stranger) serveInfo(info []byte) {
	s.say(extension(0, fmt.Sprintf("d1:md11:ut_metadatai7ee13:metadata_sizei%dee", len(info))))
	go func() {
		for {
			var head [4]byte
			if _, err := io.ReadFull(s.conn, head[:]); err != nil {
				return
			}
			body := make([]byte, binary.BigEndian.Uint32(head[:]))
			if _, err := io.ReadFull(s.conn, body); err != nil {
				return
			}
			if len(body) < 2 || body[0] != 20 || body[1] != 7 {
				continue
			}
			var request pp.ExtendedMetadataRequestMsg
			if bencode.Unmarshal(body[2:], &request) != nil || request.Type != 0 {
				continue
			}
			begin := request.Piece << 14
			end := min(len(info), begin+1<<14)
			s.say(extension(1, fmt.Sprintf("d8:msg_typei1e5:piecei%de10:total_sizei%dee%s", request.Piece, len(info), info[begin:end])))
		}
	}()
}
