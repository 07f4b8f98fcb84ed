package swarm_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/anacrolix/torrent/bencode"
	"github.com/anacrolix/torrent/metainfo"
	pp "github.com/anacrolix/torrent/peer_protocol"

	"github.com/causeway-app/causeway/engine/swarm"
)

func TestAPeerThatIsNotOfThisTorrentIsRefused(t *testing.T) {
	t.Parallel()
	s, other := newShare(pieceLength), newShare(2*pieceLength)
	to := seed(t, s, swarm.Config{})
	for name, words := range map[string]string{
		"another torrent":        string(hello(other.hash)),
		"another protocol":       "GET / HTTP/1.1\r\nHost: localhost\r\nUser-Agent: curl/8.5.0\r\nAccept: */*\r\n\r\n",
		"an encrypted handshake": strings.Repeat("\xa7\x01\x9c\xee", 40),
	} {
		t.Run(name, func(t *testing.T) {
			stranger := comes(t, to)
			stranger.say(words)
			wantReason(t, stranger.ended, swarm.ErrHandshake)
		})
	}
	t.Run("cut off", func(t *testing.T) {
		stranger := comes(t, to)
		stranger.say(string(hello(s.hash)[:30]))
		stranger.conn.Close()
		wantReason(t, stranger.ended, swarm.ErrHandshake)
	})
	t.Run("no address", func(t *testing.T) {
		near, _ := wire(t)
		ended := make(chan error, 1)
		to.Attach(near, netip.AddrPort{}, func(err error) { ended <- err })
		wantReason(t, ended, swarm.ErrHandshake)
	})
	if p := to.Progress(); p.Peers != 0 {
		t.Errorf("%d peers are left", p.Peers)
	}
}

func TestATorrentDoesNotTalkToItself(t *testing.T) {
	t.Parallel()
	s := newShare(pieceLength)
	to := seed(t, s, swarm.Config{})
	m := connect(t, to, to)
	wantReason(t, m.aEnded, swarm.ErrHandshake)
}

// slow is a connection on which a deadline is of no use.
type slow struct{ net.Conn }

func TestASilentPeerIsGivenUpAfterTenSeconds(t *testing.T) {
	t.Parallel()
	to := seed(t, newShare(pieceLength), swarm.Config{})
	near, far := net.Pipe() // nobody even reads
	defer far.Close()
	ended := make(chan error, 1)
	start := time.Now()
	to.Attach(slow{near}, someone(), func(err error) { ended <- err })
	if took := time.Since(start); took > 100*time.Millisecond {
		t.Errorf("Attach took %v", took)
	}
	wantReason(t, ended, swarm.ErrHandshake)
	if took := time.Since(start); took < 9*time.Second || took > 12*time.Second {
		t.Errorf("given up after %v", took)
	}
}

// corrupter changes the content of every piece message that passes.
type corrupter struct{ net.Conn }

func (c corrupter) Write(p []byte) (int, error) {
	changed := bytes.Clone(p)
	for i := 0; i+4 < len(changed); {
		length := int(binary.BigEndian.Uint32(changed[i:]))
		if length > 9 && changed[i+4] == byte(pp.Piece) && i+13 < len(changed) {
			changed[i+13] ^= 0xff
		}
		i += 4 + length
	}
	if len(p) == 68 { // a handshake has another form
		changed = p
	}
	_, err := c.Conn.Write(changed)
	return len(p), err
}

func TestAPeerThatSendsWrongPiecesIsBannedAndTheRestComesFromOthers(t *testing.T) {
	t.Parallel()
	s := newShare(30 * pieceLength)
	m := empty()
	liar, honest, receiver := seed(t, s, swarm.Config{}), seed(t, s, swarm.Config{}), fetch(t, s, m, swarm.Config{})
	near, far := wire(t)
	who, ended := someone(), make(chan error, 1)
	liar.Attach(corrupter{far}, someone(), nil)
	receiver.Attach(near, who, func(err error) { ended <- err })
	wantReason(t, ended, swarm.ErrBanned)

	again, _ := wire(t)
	receiver.Attach(again, netip.AddrPortFrom(who.Addr(), who.Port()+1), func(err error) { ended <- err })
	wantReason(t, ended, swarm.ErrBanned)

	connect(t, honest, receiver)
	eventually(t, "complete from the honest one", complete(receiver))
	if !bytes.Equal(m.bytes(), s.data) {
		t.Error("other bytes arrived")
	}
}

func TestAPeerWithAForgedInfoIsBannedAndTheInfoComesFromAnother(t *testing.T) {
	t.Parallel()
	s := newShare(pieceLength, func(i *metainfo.Info) { i.Source = strings.Repeat("somewhere ", 5000) })
	forged := bytes.Replace(s.info, []byte("holiday.tar"), []byte("virus00.exe"), 1)
	if len(forged) < 2<<14 {
		t.Fatalf("%d bytes are not several parts", len(forged))
	}
	receiver := fetch(t, s, empty(), swarm.Config{})
	for range 3 {
		liar := greets(t, receiver, s.hash)
		liar.serveInfo(forged)
		wantReason(t, liar.ended, swarm.ErrMetadata)
	}
	honest := greets(t, receiver, s.hash)
	honest.serveInfo(s.info)
	<-receiver.GotInfo()
	if info, _ := receiver.Info(); !bytes.Equal(info, s.info) {
		t.Error("the forged info was taken")
	}
}

func TestAPeerThatPromisesTheInfoAndStallsDoesNotHoldUpTheRest(t *testing.T) {
	t.Parallel()
	s := newShare(3 * pieceLength)
	receiver := fetch(t, s, empty(), swarm.Config{})
	for range 3 {
		staller := greets(t, receiver, s.hash)
		staller.drain()
		staller.say(extension(0, "d1:md11:ut_metadatai7ee13:metadata_sizei2000ee"))
	}
	time.Sleep(100 * time.Millisecond)
	connect(t, seed(t, s, swarm.Config{}), receiver)
	eventually(t, "complete", complete(receiver))
}

func TestMessagesThatWouldHurtTheLibraryEndTheConnection(t *testing.T) {
	t.Parallel()
	s := newShare(4 * pieceLength)
	have := func(i uint32) string { return raw(4, string(binary.BigEndian.AppendUint32(nil, i))) }
	request := func(length uint32) string {
		return raw(6, strings.Repeat("\x00", 8)+string(binary.BigEndian.AppendUint32(nil, length)))
	}
	const haveAll, haveNone = 0x0e, 0x0f
	for name, words := range map[string]string{
		// This one makes the library panic, when the torrent is closed.
		"everything, nothing, something":  raw(haveAll, "") + raw(haveNone, "") + have(0),
		"two bitfields":                   raw(5, "\xf0") + raw(5, "\x00"),
		"everything after a piece":        have(1) + raw(haveAll, ""),
		"a piece far away":                have(1 << 31),
		"a piece one too many":            have(4),
		"a huge message":                  "\x7f\xff\xff\xff\x07",
		"a request of nothing":            raw(haveNone, "") + raw(2, "") + request(0),
		"a request of a megabyte":         raw(haveNone, "") + raw(2, "") + request(1<<20),
		"a short request":                 raw(6, "\x00"),
		"an unknown message":              raw(99, "what?"),
		"an empty extension message":      raw(20, ""),
		"a broken extension handshake":    extension(0, "d1:mi"),
		"deep nesting":                    extension(0, strings.Repeat("l", 60000)),
		"an info of petabytes":            extension(0, "d13:metadata_sizei4503599627370496ee"),
		"an info of less than nothing":    extension(0, "d13:metadata_sizei-1ee"),
		"a part below zero":               extension(1, "d8:msg_typei0e5:piecei-1ee"),
		"an endless stream of handshakes": strings.Repeat(extension(0, "de"), 40),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			to := seed(t, s, swarm.Config{})
			stranger := greets(t, to, s.hash)
			stranger.drain()
			stranger.say(words)
			reason(t, stranger.ended)
			to.Drop() // the library checks its sums here
		})
		t.Run(name+", before the info", func(t *testing.T) {
			t.Parallel()
			to := fetch(t, s, empty(), swarm.Config{})
			stranger := greets(t, to, s.hash)
			stranger.drain()
			stranger.say(words)
			// The stranger may be found out now or once the info is there.
			connect(t, seed(t, s, swarm.Config{}), to)
			eventually(t, "complete", complete(to))
			reason(t, stranger.ended)
			to.Drop()
		})
	}
}

func TestMessagesThatAreOfNoUseAreSkipped(t *testing.T) {
	t.Parallel()
	s := newShare(4 * pieceLength)
	to := seed(t, s, swarm.Config{})
	stranger := greets(t, to, s.hash)
	far := string([]byte{0xff, 0xff, 0xff, 0xff})
	stranger.say("\x00\x00\x00\x00" +
		raw(0x0f, "") + // has nothing
		raw(0x11, far) + // allowed fast, of a piece that is not
		raw(0x0d, far) + // suggest
		raw(9, "\x1a\xe1") + // DHT port
		raw(21, strings.Repeat("\x00", 48)) + // a v2 hash request
		extension(0, "d1:md11:ut_metadatai3e6:ut_pexi2eee") +
		extension(2, "\x00\x01\x7f\x00\x00\x01\x1a\xe1\x00\x00\x00\x00") + // hole punching
		extension(77, "whatever") +
		extension(1, "d8:msg_typei1e5:piecei0e10:total_sizei5eehello") + // an unasked part
		raw(2, "")) // interested
	stranger.read(pp.Unchoke)
	stranger.send(pp.Message{Type: pp.Request, Index: 2, Begin: 16 << 10, Length: 16 << 10})
	_, content := stranger.read(pp.Piece)
	if from := 2*pieceLength + 16<<10; !bytes.Equal(content[8:], s.data[from:from+16<<10]) {
		t.Error("other bytes than asked for")
	}
	stranger.say(extension(1, "d8:msg_typei0e5:piecei0ee"))
	for {
		if _, content := stranger.read(pp.Extended); content[0] == 3 {
			if !bytes.HasSuffix(content, s.info) {
				t.Errorf("got another info: %q", content)
			}
			return
		}
	}
}

func TestAPeerThatSendsAndNeverReadsIsCutOff(t *testing.T) {
	t.Parallel()
	s := newShare(4 * pieceLength)
	to := seed(t, s, swarm.Config{})
	stranger := greets(t, to, s.hash)
	stranger.say(extension(0, "d1:md11:ut_metadatai3eee"))
	flood := strings.Repeat(extension(1, "d8:msg_typei0e5:piecei0ee"), 1000)
	for range 200 {
		select {
		case err := <-stranger.ended:
			if !errors.Is(err, swarm.ErrProtocol) {
				t.Errorf("cut off because of %v", err)
			}
			return
		default:
			stranger.say(flood)
		}
	}
	wantReason(t, stranger.ended, swarm.ErrProtocol)
}

func TestAnInfoThatCannotBeUsedIsRefusedBeforeTheStorageIsOpened(t *testing.T) {
	t.Parallel()
	text := func(i *metainfo.Info, pieces, length int64) { i.PieceLength, i.Length = pieces, length }
	for name, change := range map[string]func(*metainfo.Info){
		"no piece length":       func(i *metainfo.Info) { i.PieceLength = 0 },
		"negative piece length": func(i *metainfo.Info) { i.PieceLength = -pieceLength },
		"huge pieces":           func(i *metainfo.Info) { text(i, 1<<40, 1<<40); i.Pieces = make([]byte, 20) },
		"negative length":       func(i *metainfo.Info) { i.Length = -1 },
		"overflowing lengths": func(i *metainfo.Info) {
			i.Length = 0
			i.Files = []metainfo.FileInfo{{Path: []string{"a"}, Length: 1<<63 - 1}, {Path: []string{"b"}, Length: 1<<63 - 1}, {Path: []string{"c"}, Length: 4}}
		},
		"negative file": func(i *metainfo.Info) {
			i.Length = 0
			i.Files = []metainfo.FileInfo{{Path: []string{"a"}, Length: -5}, {Path: []string{"b"}, Length: 5 + 2*pieceLength}}
		},
		"a file without a name": func(i *metainfo.Info) { i.Length, i.Files = 0, []metainfo.FileInfo{{Length: 2 * pieceLength}} },
		"both kinds": func(i *metainfo.Info) {
			i.Files = []metainfo.FileInfo{{Path: []string{"a"}, Length: 2 * pieceLength}}
		},
		"too few hashes":      func(i *metainfo.Info) { i.Pieces = i.Pieces[:20] },
		"half a hash":         func(i *metainfo.Info) { i.Pieces = i.Pieces[:30] },
		"a version to come":   func(i *metainfo.Info) { i.MetaVersion = 2 },
		"far too many pieces": func(i *metainfo.Info) { i.Pieces = make([]byte, 20*600_000); text(i, 1, 600_000) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newShare(2*pieceLength, change)
			m := empty()
			if _, err := newSwarm(t, swarm.Config{}).Add(swarm.Spec{InfoHash: s.hash, Info: s.info, Storage: m}); !errors.Is(err, swarm.ErrBadInfo) {
				t.Errorf("added: %v", err)
			}
			receiver := fetch(t, s, m, swarm.Config{})
			sender := greets(t, receiver, s.hash)
			sender.serveInfo(s.info)
			wantReason(t, sender.ended, swarm.ErrBadInfo)
			if err := receiver.Err(); !errors.Is(err, swarm.ErrBadInfo) {
				t.Errorf("the receiver says %v", err)
			}
			if _, known := receiver.Info(); known || m.opened != 0 {
				t.Errorf("info known: %t, storage opened %d times", known, m.opened)
			}
		})
	}
	t.Run("not bencode", func(t *testing.T) {
		info := []byte("<html>")
		spec := swarm.Spec{InfoHash: swarm.InfoHash(info), Info: info, Storage: empty()}
		if _, err := newSwarm(t, swarm.Config{}).Add(spec); !errors.Is(err, swarm.ErrBadInfo) {
			t.Errorf("added: %v", err)
		}
		spec.InfoHash[0]++
		if _, err := newSwarm(t, swarm.Config{}).Add(spec); !errors.Is(err, swarm.ErrBadInfo) {
			t.Errorf("added under another info-hash: %v", err)
		}
	})
}

func TestPeersThatSpeakNonsenseNeverHarmTheProcess(t *testing.T) {
	t.Parallel()
	s := newShare(8 * pieceLength)
	to := seed(t, s, swarm.Config{})
	random := newShare(1 << 16).data
	var all sync.WaitGroup
	for n := range 40 {
		stranger := greets(t, to, s.hash)
		stranger.drain()
		all.Go(func() {
			for i := 0; i+40 < len(random); i += 40 {
				kind := random[i] % 24
				stranger.say(raw(kind, string(random[i+1:i+1+int(random[i+39])%38])))
				if i/40 > 5+n {
					break
				}
			}
			stranger.conn.Close()
		})
	}
	all.Wait()
	eventually(t, "all are gone", func() bool { return to.Progress().Peers == 0 })
	receiver := fetch(t, s, empty(), swarm.Config{})
	connect(t, to, receiver)
	eventually(t, "an honest one is served", complete(receiver))
}

func TestPeersAreToldNothingTheyCannotUse(t *testing.T) {
	t.Parallel()
	s := newShare(pieceLength)
	to := seed(t, s, swarm.Config{Client: "Causeway 1.2.3"})
	peer := comes(t, to)
	peer.say(string(hello(s.hash)))
	greeting := make([]byte, 68)
	if _, err := io.ReadFull(peer.conn, greeting); err != nil {
		t.Fatal(err)
	}
	if bits := greeting[20:28]; !bytes.Equal(bits, []byte{0, 0, 0, 0, 0, 0x10, 0, 0x04}) {
		t.Errorf("the extension bits are %x", bits)
	}
	var told pp.ExtendedHandshakeMessage
	if _, content := peer.read(pp.Extended); bencode.Unmarshal(content[1:], &told) != nil {
		t.Fatalf("told %q", content)
	}
	if len(told.M) != 1 || told.M[pp.ExtensionNameMetadata] != 1 || told.Port != 0 || told.Encryption ||
		told.MetadataSize != len(s.info) || told.V != "Causeway 1.2.3" {
		t.Errorf("told %+v", told)
	}
}
