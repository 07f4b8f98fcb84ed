package portservice

import (
	"bytes"
	"encoding/hex"
	"errors"
	"net/netip"
	"strings"
	"testing"
	"time"
)

// packet reads hexadecimal digits; what a figure of an RFC shows as one field
// is one word.
func packet(t *testing.T, fields string) []byte {
	t.Helper()
	read, err := hex.DecodeString(strings.Join(strings.Fields(fields), ""))
	if err != nil {
		t.Fatal(err)
	}
	return read
}

// expect compares an answer with its fields; "...." stands for two bytes that
// are the router's clock or otherwise free.
func expect(t *testing.T, got []byte, fields string) {
	t.Helper()
	want := packet(t, strings.ReplaceAll(fields, "....", "0000"))
	masked := bytes.Clone(got)
	text := strings.Join(strings.Fields(fields), "")
	for at := range len(text) / 2 {
		if text[2*at] == '.' && at < len(masked) {
			masked[at] = 0
		}
	}
	if !bytes.Equal(masked, want) {
		t.Errorf("answer\n got %x\nwant %s", got, fields)
	}
}

// clock is the "Seconds Since Start of Epoch" at an offset.
func clock(answer []byte, at int) uint32 {
	return uint32(answer[at])<<24 | uint32(answer[at+1])<<16 | uint32(answer[at+2])<<8 | uint32(answer[at+3])
}

func TestNATPMPTellsTheOutsideAddress(t *testing.T) {
	t.Parallel()
	c := moveIn(t, Options{NATPMP: true}).newClient(t, mappingPort)
	expect(t, c.ask(packet(t, "00 00")), "00 80 0000 ........ cb007107")
}

func TestNATPMPMapsRenewsAndEndsAPort(t *testing.T) {
	t.Parallel()
	h := moveIn(t, Options{NATPMP: true})
	c := h.newClient(t, mappingPort)
	// UDP 5000 inside, 6000 wanted outside, for 3600 s.
	expect(t, c.ask(packet(t, "00 01 0000 1388 1770 00000e10")), "00 81 0000 ........ 1388 1770 00000e10")
	if got := h.table.port("udp", 5000); got != 6000 {
		t.Errorf("the router maps %d", got)
	}
	// Again, with another wish: the mapping stays.
	expect(t, c.ask(packet(t, "00 01 0000 1388 1b58 00001c20")), "00 81 0000 ........ 1388 1770 00001c20")
	// TCP is another mapping; nobody else can have the port.
	expect(t, c.ask(packet(t, "00 02 0000 1388 1770 00000e10")), "00 82 0000 ........ 1388 1777 00000e10")
	// A lifetime of 0 ends it.
	expect(t, c.ask(packet(t, "00 01 0000 1388 0000 00000000")), "00 81 0000 ........ 1388 0000 00000000")
	if h.table.port("udp", 5000) != 0 || h.table.port("tcp", 5000) == 0 {
		t.Error("the router ended another mapping than asked")
	}
	// And once more, although there is none.
	expect(t, c.ask(packet(t, "00 01 0000 1388 0000 00000000")), "00 81 0000 ........ 1388 0000 00000000")
	// Port 0 ends all of TCP.
	expect(t, c.ask(packet(t, "00 02 0000 0000 0000 00000000")), "00 82 0000 ........ 0000 0000 00000000")
	if h.table.port("tcp", 5000) != 0 {
		t.Error("the TCP mapping is still there")
	}
}

func TestNATPMPSaysWhatItDoesNotKnow(t *testing.T) {
	t.Parallel()
	c := moveIn(t, Options{NATPMP: true}).newClient(t, mappingPort)
	expect(t, c.ask(packet(t, "00 03 0000")), "00 83 0005 ........")
	// A PCP client is told the version, so that it falls back (RFC 6887
	// appendix A): the result code is where PCP has it.
	pcp := packet(t, "02 01 0000 00000e10 00000000000000000000ffff7f000001"+strings.Repeat("00", 36))
	expect(t, c.ask(pcp), "00 81 0001 ........")
	// Answers, half headers and half mappings get none.
	for _, silent := range []string{"00 80", "00", "", "00 01 0000 1388"} {
		c.send(packet(t, silent))
	}
	expect(t, c.ask(packet(t, "00 00")), "00 80 0000 ........ cb007107")
}

func TestNATPMPRefusesAndRunsOut(t *testing.T) {
	t.Parallel()
	c := moveIn(t, Options{NATPMP: true, Refuse: true}).newClient(t, mappingPort)
	expect(t, c.ask(packet(t, "00 01 0000 1388 1770 00000e10")), "00 81 0002 ........ 1388 0000 00000000")
	c = moveIn(t, Options{NATPMP: true, Full: true}).newClient(t, mappingPort)
	expect(t, c.ask(packet(t, "00 01 0000 1388 1770 00000e10")), "00 81 0004 ........ 1388 0000 00000000")
	h := moveIn(t, Options{NATPMP: true})
	h.table.fail(errors.New("no port"))
	expect(t, h.newClient(t, mappingPort).ask(packet(t, "00 01 0000 1388 1770 00000e10")), "00 81 0004 ........ 1388 0000 00000000")
}

func TestNATPMPGivesLessAndOtherThanAsked(t *testing.T) {
	t.Parallel()
	c := moveIn(t, Options{NATPMP: true, LongestLease: time.Minute, OtherPort: true, External: netip.MustParseAddr("10.9.8.7")}).newClient(t, mappingPort)
	expect(t, c.ask(packet(t, "00 00")), "00 80 0000 ........ 0a090807")
	expect(t, c.ask(packet(t, "00 01 0000 1388 1770 00000e10")), "00 81 0000 ........ 1388 1771 0000003c")
	// Renewing keeps what was given.
	expect(t, c.ask(packet(t, "00 01 0000 1388 1771 00000e10")), "00 81 0000 ........ 1388 1771 0000003c")
}

func TestASilentRouterHearsAndSaysNothing(t *testing.T) {
	t.Parallel()
	c := moveIn(t, Options{NATPMP: true, PCP: true, IGD: 1, Silent: true})
	asked := c.newClient(t, mappingPort)
	asked.send(packet(t, "00 00"))
	if answer := asked.hear(100 * time.Millisecond); answer != nil {
		t.Errorf("it says %x", answer)
	}
	searched := c.newClient(t, 1900)
	searched.send([]byte(search("ssdp:all")))
	if answer := searched.hear(100 * time.Millisecond); answer != nil {
		t.Errorf("it says %s", answer)
	}
}

func TestASlowRouterAnswersLate(t *testing.T) {
	t.Parallel()
	const delay = 150 * time.Millisecond
	c := moveIn(t, Options{NATPMP: true, Delay: delay}).newClient(t, mappingPort)
	begun := time.Now()
	expect(t, c.ask(packet(t, "00 00")), "00 80 0000 ........ cb007107")
	if took := time.Since(begun); took < delay {
		t.Errorf("the answer took %v", took)
	}
}

func TestARestartedRouterBeginsItsClockAnewAndSaysSo(t *testing.T) {
	t.Parallel()
	h := moveIn(t, Options{NATPMP: true, PCP: true})
	c := h.newClient(t, mappingPort)
	before := clock(c.ask(packet(t, "00 01 0000 1388 1770 00000e10")), 4)
	h.service.Restart()
	if h.table.port("udp", 5000) != 0 {
		t.Error("the mapping is still there")
	}
	after := clock(c.ask(packet(t, "00 00")), 4)
	if before < 3600 || after > 5 {
		t.Errorf("the clock goes from %d to %d", before, after)
	}
	for _, want := range []string{
		"00 80 0000 ........ cb007107",
		"02 80 00 00 00000000 ........ 000000000000000000000000",
	} {
		select {
		case told := <-h.told:
			if told.group != "224.0.0.1:5350" {
				t.Errorf("told to %s", told.group)
			}
			expect(t, told.packet, want)
		case <-time.After(5 * time.Second):
			t.Fatal("the router tells nobody")
		}
	}
}
