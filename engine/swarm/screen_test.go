package swarm

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"testing"
	"testing/iotest"

	"github.com/anacrolix/torrent/bencode"
	"github.com/anacrolix/torrent/metainfo"
	pp "github.com/anacrolix/torrent/peer_protocol"
)

func newScreen(r io.Reader) *screen {
	return &screen{in: bufio.NewReaderSize(r, screenSize)}
}

// stream is what an honest peer sends.
func stream() (all []byte) {
	piece := bytes.Repeat([]byte("causeway"), chunkSize/8)
	for _, m := range []pp.Message{
		{Type: pp.HaveNone}, {Type: pp.Unchoke}, {Type: pp.Interested}, {Type: pp.Have, Index: 7},
		{Type: pp.Piece, Index: 1, Begin: chunkSize, Piece: piece},
		{Type: pp.Request, Index: 2, Begin: 0, Length: chunkSize},
		{Type: pp.Piece, Index: 1, Begin: 0, Piece: piece},
		{Type: pp.Cancel, Index: 2, Begin: 0, Length: chunkSize}, {Type: pp.Choke},
	} {
		all = append(all, m.MustMarshalBinary()...)
	}
	return all
}

func TestTheScreenPassesAnHonestStreamUnchangedHoweverItArrives(t *testing.T) {
	for name, r := range map[string]io.Reader{
		"at once":        bytes.NewReader(stream()),
		"byte by byte":   iotest.OneByteReader(bytes.NewReader(stream())),
		"in halves":      iotest.HalfReader(bytes.NewReader(stream())),
		"with the error": iotest.DataErrReader(bytes.NewReader(stream())),
	} {
		t.Run(name, func(t *testing.T) {
			got, err := io.ReadAll(iotest.OneByteReader(newScreen(r)))
			if err != nil || !bytes.Equal(got, stream()) {
				t.Errorf("%d bytes of %d, %v", len(got), len(stream()), err)
			}
		})
	}
	got := make([]byte, 1<<17)
	if n, err := newScreen(bytes.NewReader(stream())).Read(got); n != len(stream()) || err != nil {
		t.Errorf("one read gave %d bytes of %d, %v", n, len(stream()), err)
	}
}

func TestTheScreenSaysWhyAStreamEnds(t *testing.T) {
	if _, err := io.ReadAll(newScreen(iotest.TimeoutReader(iotest.OneByteReader(bytes.NewReader(stream()))))); !errors.Is(err, iotest.ErrTimeout) {
		t.Errorf("got %v", err)
	}
	cut := stream()[:40]
	if got, err := io.ReadAll(newScreen(bytes.NewReader(cut))); err != nil || !bytes.Equal(got, cut) {
		t.Errorf("a cut stream gave %d bytes of 40, %v", len(got), err)
	}
}

// FuzzScreen looks for bytes that break the screen, or pass it in a form that
// the library's decoder does not take.
func FuzzScreen(f *testing.F) {
	f.Add(stream())
	f.Add([]byte("\x00\x00\x00\x02\x14\x00"))
	f.Add([]byte("\x00\x00\x00\x1b\x14\x01d8:msg_typei1e5:piecei0eehi"))
	f.Add([]byte("\x00\x00\x00\x01\x0e\x00\x00\x00\x01\x0f"))
	f.Fuzz(func(t *testing.T, sent []byte) {
		passed, err := io.ReadAll(newScreen(bytes.NewReader(sent)))
		if err != nil && !errors.Is(err, ErrProtocol) {
			t.Fatalf("an error of no kind: %v", err)
		}
		told := 0
		for at := 0; at+5 <= len(passed); {
			length := int(binary.BigEndian.Uint32(passed[at:]))
			if length == 0 || length > maxMessage {
				t.Fatalf("a message of %d bytes passed", length)
			}
			switch pp.MessageType(passed[at+4]) {
			case pp.Bitfield, pp.HaveAll, pp.HaveNone:
				told++
			case pp.AllowedFast, pp.Suggest, pp.Port, pp.HashRequest, pp.Hashes, pp.HashReject:
				t.Fatalf("message type %d passed", passed[at+4])
			}
			at += 4 + length
		}
		if told > 1 {
			t.Fatalf("the peer told %d times what it has", told)
		}
	})
}

// FuzzCheckInfo looks for infos that pass the check and are not what the
// library and a storage rely on.
func FuzzCheckInfo(f *testing.F) {
	f.Add([]byte("d6:lengthi5e4:name1:a12:piece lengthi16384e6:pieces20:aaaaaaaaaaaaaaaaaaaae"))
	f.Add([]byte("d5:filesld6:lengthi0e4:pathl1:aeee4:name1:a12:piece lengthi1e6:pieces0:e"))
	f.Add([]byte("d5:filesld6:lengthi9223372036854775807e4:pathl1:aeee4:name1:ae"))
	f.Fuzz(func(t *testing.T, encoded []byte) {
		err := checkInfo(encoded)
		if err != nil {
			if !errors.Is(err, ErrBadInfo) {
				t.Fatalf("an error of no kind: %v", err)
			}
			return
		}
		var info metainfo.Info
		if err := bencode.Unmarshal(encoded, &info); err != nil {
			t.Fatal(err)
		}
		var total int64
		for _, file := range info.UpvertedFiles() {
			if file.Length < 0 || total+file.Length < total {
				t.Fatalf("file of %d bytes after %d", file.Length, total)
			}
			total += file.Length
		}
		if int64(info.NumPieces()) != (total+info.PieceLength-1)/info.PieceLength {
			t.Fatalf("%d pieces of %d for %d bytes", info.NumPieces(), info.PieceLength, total)
		}
	})
}
