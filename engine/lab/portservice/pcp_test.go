package portservice

import (
	"errors"
	"net/netip"
	"strings"
	"testing"
	"time"
)

// What requests are made of, as in the figures of RFC 6887 section 7.1 and
// 11.1.
const (
	ownAddress = "00000000000000000000ffff7f000001"
	anyAddress = "00000000000000000000ffff00000000"
	outAddress = "00000000000000000000ffffcb007107"
	mine       = "0102030405060708090a0b0c"
	others     = "ffffffffffffffffffffffff"
	noReserved = "000000000000000000000000"
)

// mapping is a MAP request: header, nonce, protocol 17, port 5000 inside, 6000
// outside suggested.
func mapping(life, nonce, options string) string {
	return "02 01 0000" + life + ownAddress + nonce + "11 000000 1388 1770" + anyAddress + options
}

func TestPCPMapsRenewsAndEndsAPort(t *testing.T) {
	t.Parallel()
	h := moveIn(t, Options{PCP: true})
	c := h.newClient(t, mappingPort)
	given := "02 81 00 00 00000e10 ........" + noReserved + mine + "11 000000 1388 1770" + outAddress
	expect(t, c.ask(packet(t, mapping("00000e10", mine, ""))), given)
	if got := h.table.port("udp", 5000); got != 6000 {
		t.Errorf("the router maps %d", got)
	}
	expect(t, c.ask(packet(t, mapping("00000e10", mine, ""))), given)
	// Somebody with another nonce can neither renew nor end it, and learns how
	// long it lasts.
	for _, life := range []string{"00000e10", "00000000"} {
		answer := c.ask(packet(t, mapping(life, others, "")))
		expect(t, answer, "02 81 00 02 ........ ........"+noReserved+others+"11 000000 1388 1770"+anyAddress)
		if left := clock(answer, 4); left < 3590 || left > 3600 {
			t.Errorf("the mapping is said to last %d s", left)
		}
	}
	if h.table.port("udp", 5000) == 0 {
		t.Error("a stranger ended the mapping")
	}
	ended := "02 81 00 00 00000000 ........" + noReserved + mine + "11 000000 1388 1770" + anyAddress
	expect(t, c.ask(packet(t, mapping("00000000", mine, ""))), ended)
	if h.table.port("udp", 5000) != 0 {
		t.Error("the mapping is still there")
	}
	expect(t, c.ask(packet(t, mapping("00000000", mine, ""))), ended)
}

func TestPCPMapsTCPAndEndsAll(t *testing.T) {
	t.Parallel()
	h := moveIn(t, Options{PCP: true})
	c := h.newClient(t, mappingPort)
	c.ask(packet(t, mapping("00000e10", mine, "")))
	expect(t, c.ask(packet(t, "02 01 0000 00000e10"+ownAddress+mine+"06 000000 1388 0050"+anyAddress)),
		"02 81 00 00 00000e10 ........"+noReserved+mine+"06 000000 1388 0050"+outAddress)
	all := "02 01 0000 00000000" + ownAddress + mine + "00 000000 0000 0000" + anyAddress
	expect(t, c.ask(packet(t, all)), "02 81 00 00 00000000 ........"+noReserved+mine+"00 000000 0000 0000"+anyAddress)
	if h.table.port("udp", 5000) != 0 || h.table.port("tcp", 5000) != 0 {
		t.Error("a mapping is still there")
	}
}

func TestPCPSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	h := moveIn(t, Options{PCP: true})
	c := h.newClient(t, mappingPort)
	map36 := mine + "11 000000 1388 1770" + anyAddress
	const long, short = "00000708", "0000001e" // 30 minutes and 30 s
	head := func(opcode, result, life string) string {
		return "02 " + opcode + " 00 " + result + life + "........" + noReserved
	}
	for name, c1 := range map[string]struct{ request, answer string }{
		"NAT-PMP":               {"00 00", head("80", "01", long)},
		"version 1":             {"01 01 0000 00000e10" + ownAddress + map36, head("81", "01", long) + map36},
		"half a header":         {"02 00 0000", head("80", "03", long)},
		"half a mapping":        {"02 01 0000 00000e10" + ownAddress + mine, head("81", "03", long) + mine},
		"PEER":                  {"02 02 0000 00000e10" + ownAddress, head("82", "04", long)},
		"another's address":     {"02 01 0000 00000e10 00000000000000000000ffff0a000002" + map36, head("81", "0c", long) + map36},
		"THIRD_PARTY":           {mapping("00000e10", mine, "01000010"+ownAddress), head("81", "05", long) + map36 + "01000010" + ownAddress},
		"an option too long":    {mapping("00000e10", mine, "80000040"), head("81", "06", long) + map36 + "80000040"},
		"SCTP":                  {"02 01 0000 00000e10" + ownAddress + mine + "84 000000 1388 1770" + anyAddress, head("81", "09", long) + mine + "84 000000 1388 1770" + anyAddress},
		"all protocols, a port": {"02 01 0000 00000e10" + ownAddress + mine + "00 000000 1388 1770" + anyAddress, head("81", "03", long) + mine + "00 000000 1388 1770" + anyAddress},
		"failure at an address": {"02 01 0000 00000e10" + ownAddress + mine + "11 000000 1388 1770 00000000000000000000ffff01020304 02000000",
			head("81", "0b", short) + mine + "11 000000 1388 1770 00000000000000000000ffff01020304 02000000"},
	} {
		t.Run(name, func(t *testing.T) { expect(t, c.ask(packet(t, c1.request)), c1.answer) })
	}
	c.send(packet(t, "02 81 0000 00000e10"+ownAddress+map36)) // an answer
	c.send(packet(t, "02"))
	expect(t, c.ask(packet(t, "02 00 0000 00000000"+ownAddress)), head("80", "00", "00000000"))
	if h.table.port("udp", 5000) != 0 {
		t.Error("a request that failed made a mapping")
	}
	big := packet(t, mapping("00000e10", mine, strings.Repeat("80000000", 300)))
	answer := c.ask(big)
	if len(answer) != 1100 || answer[3] != 3 {
		t.Errorf("a packet of %d bytes is answered by %d bytes, result %d", len(big), len(answer), answer[3])
	}
}

func TestPCPIgnoresOptionsThatItMay(t *testing.T) {
	t.Parallel()
	c := moveIn(t, Options{PCP: true}).newClient(t, mappingPort)
	expect(t, c.ask(packet(t, mapping("00000e10", mine, "80000003 61626300"))),
		"02 81 00 00 00000e10 ........"+noReserved+mine+"11 000000 1388 1770"+outAddress)
}

func TestPCPPrefersFailureWhereAsked(t *testing.T) {
	t.Parallel()
	h := moveIn(t, Options{PCP: true})
	h.table.take(6000)
	c := h.newClient(t, mappingPort)
	prefer := "02000000"
	expect(t, c.ask(packet(t, mapping("00000e10", mine, prefer))),
		"02 81 00 0b 0000001e ........"+noReserved+mine+"11 000000 1388 1770"+anyAddress+prefer)
	if got := h.table.port("udp", 5000); got != 0 {
		t.Errorf("the router maps %d", got)
	}
	expect(t, c.ask(packet(t, "02 01 0000 00000e10"+ownAddress+mine+"11 000000 1388 1b58"+anyAddress+prefer)),
		"02 81 00 00 00000e10 ........"+noReserved+mine+"11 000000 1388 1b58"+outAddress+prefer)
}

func TestPCPMisbehavesAsTold(t *testing.T) {
	t.Parallel()
	ask := func(options Options) []byte {
		options.PCP = true
		return moveIn(t, options).newClient(t, mappingPort).ask(packet(t, mapping("00000e10", mine, "")))
	}
	tail := "........" + noReserved + mine + "11 000000 1388 1770" + anyAddress
	expect(t, ask(Options{Refuse: true}), "02 81 00 02 00000708"+tail)
	expect(t, ask(Options{Full: true}), "02 81 00 08 0000001e"+tail)
	expect(t, ask(Options{LongestLease: 2 * time.Minute, OtherPort: true, External: netip.MustParseAddr("100.64.3.4")}),
		"02 81 00 00 00000078 ........"+noReserved+mine+"11 000000 1388 1771 00000000000000000000ffff64400304")
	h := moveIn(t, Options{PCP: true})
	h.table.fail(errors.New("no port"))
	expect(t, h.newClient(t, mappingPort).ask(packet(t, mapping("00000e10", mine, ""))), "02 81 00 08 0000001e"+tail)
}

func TestARouterThatKnowsBothAnswersEachInItsVersion(t *testing.T) {
	t.Parallel()
	h := moveIn(t, Options{PCP: true, NATPMP: true})
	c := h.newClient(t, mappingPort)
	expect(t, c.ask(packet(t, "00 00")), "00 80 0000 ........ cb007107")
	expect(t, c.ask(packet(t, "02 00 0000 00000000"+ownAddress)), "02 80 00 00 00000000 ........"+noReserved)
	expect(t, c.ask(packet(t, "03 00 0000 00000000"+ownAddress)), "02 80 00 01 00000708 ........"+noReserved)
}

func TestALeaseEndsByItself(t *testing.T) {
	t.Parallel()
	c := moveIn(t, Options{PCP: true, LongestLease: 10 * time.Millisecond}).newClient(t, mappingPort)
	c.ask(packet(t, mapping("00000e10", mine, "")))
	// Then its nonce protects it no more.
	deadline := time.Now().Add(5 * time.Second)
	for result := byte(2); result != 0; {
		if time.Now().After(deadline) {
			t.Fatal("the lease did not end")
		}
		time.Sleep(5 * time.Millisecond)
		result = c.ask(packet(t, mapping("00000e10", others, "")))[3]
	}
}
