package portservice

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"time"
)

// searchGroup is where devices are searched (UPnP Device Architecture 1.1
// section 1.1).
var searchGroup = netip.MustParseAddrPort("239.255.255.250:1900")

// hear answers searches until the socket is closed.
func (u *upnp) hear(ctx context.Context, conn net.PacketConn) error {
	return receive(conn, func(packet []byte, from netip.AddrPort) {
		target, ok := readSearch(packet)
		if !ok || u.options.Silent {
			return
		}
		u.later(ctx, func() {
			for _, answer := range u.found(target) {
				_, _ = conn.WriteTo(answer, net.UDPAddrFromAddrPort(from))
			}
		})
	})
}

// readSearch is what a search is for; not ok is a packet to ignore (UPnP
// Device Architecture 1.1 section 1.3.2).
func readSearch(packet []byte) (target string, ok bool) {
	request, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(packet)))
	if err != nil || request.Method != "M-SEARCH" || request.RequestURI != "*" || request.Header.Get("MAN") != `"ssdp:discover"` {
		return "", false
	}
	target = request.Header.Get("ST")
	return target, target != ""
}

// found are the datagrams that answer a search, none where nothing fits.
func (u *upnp) found(target string) [][]byte {
	var answers [][]byte
	answer := func(d device, t advert) {
		location := u.base + d.descriptionPath()
		if u.options.Location != "" {
			location = u.options.Location
		}
		if u.options.Garbage {
			answers = append(answers, garbage()...)
		}
		answers = append(answers, u.message("HTTP/1.1 200 OK", [][2]string{
			{"CACHE-CONTROL", "max-age=1800"},
			{"DATE", time.Now().UTC().Format(http.TimeFormat)},
			{"EXT", ""},
			{"LOCATION", location},
			{"SERVER", serverHeader},
			{"ST", t.target},
			{"USN", t.name},
		}))
	}
	for _, stranger := range u.strangers {
		// They claim to be whatever is searched for, as some do.
		answer(stranger, advert{target, "uuid:" + stranger.uuid + "::" + target})
	}
	for _, t := range u.router.adverts(true) {
		if matched, ok := t.matches(target); ok {
			answer(u.router, matched)
		}
	}
	return answers
}

// advert is one thing that a device says it is.
type advert struct{ target, name string }

// adverts are what a device and those inside it say they are (UPnP Device
// Architecture 1.1 section 1.2.2).
func (d device) adverts(root bool) []advert {
	uuid := "uuid:" + d.uuid
	var all []advert
	if root {
		all = append(all, advert{"upnp:rootdevice", uuid + "::upnp:rootdevice"})
	}
	all = append(all, advert{uuid, uuid}, advert{d.urn(), uuid + "::" + d.urn()})
	for _, s := range d.offers {
		all = append(all, advert{s.urn(), uuid + "::" + s.urn()})
	}
	for _, inner := range d.devices {
		all = append(all, inner.adverts(false)...)
	}
	return all
}

// matches reports whether a search is for this, and what the answer names: a
// device of version 2 answers a search for version 1, as version 1 (UPnP
// Device Architecture 1.1 section 1.3.3).
func (a advert) matches(target string) (advert, bool) {
	if target == "ssdp:all" || target == a.target {
		return a, true
	}
	kind, asked, ok := cutVersion(target)
	own, has, versioned := cutVersion(a.target)
	if !ok || !versioned || kind != own || asked > has {
		return advert{}, false
	}
	return advert{target, strings.TrimSuffix(a.name, a.target) + target}, true
}

func cutVersion(urn string) (kind string, version int, ok bool) {
	at := strings.LastIndexByte(urn, ':')
	if at < 0 || !strings.HasPrefix(urn, "urn:") {
		return "", 0, false
	}
	version, err := strconv.Atoi(urn[at+1:])
	return urn[:at], version, err == nil && version > 0
}

// message is an SSDP message.
func (u *upnp) message(first string, headers [][2]string) []byte {
	if u.options.Garbage {
		headers = append(headers, [2]string{"X-Nobody-Knows", strings.Repeat("x", 300)}, [2]string{"AL", "<" + u.base + ">"})
	}
	headers = append(headers, [2]string{"BOOTID.UPNP.ORG", strconv.Itoa(u.started())}, [2]string{"CONFIGID.UPNP.ORG", "1"})
	var text strings.Builder
	text.WriteString(first + "\r\n")
	for _, header := range headers {
		fmt.Fprintf(&text, "%s: %s\r\n", header[0], header[1])
	}
	text.WriteString("\r\n")
	return []byte(text.String())
}

// garbage are datagrams that are no answer to a search.
func garbage() [][]byte {
	return [][]byte{
		{},
		{0, 1, 2, 0xff, 0xfe},
		[]byte("HTTP/1.1 200 OK\r\n"),
		[]byte("HTTP/1.1 200 OK\r\nST: upnp:rootdevice\r\n\r\n"),
		[]byte("HTTP/1.1 200 OK\r\nLOCATION: ://\x7f\r\nST: upnp:rootdevice\r\n\r\n"),
		[]byte("HTTP/1.1 404 Not Found\r\nLOCATION: http://192.0.2.1/\r\n\r\n"),
		bytes.Repeat([]byte("A: b\r\n"), 200),
	}
}

// notify tells the group that the router is there, as it does when it starts.
func (u *upnp) notify(conn net.PacketConn) {
	if u.options.Silent {
		return
	}
	for _, t := range u.router.adverts(true) {
		packet := u.message("NOTIFY * HTTP/1.1", [][2]string{
			{"HOST", searchGroup.String()},
			{"CACHE-CONTROL", "max-age=1800"},
			{"LOCATION", u.base + u.router.descriptionPath()},
			{"NT", t.target},
			{"NTS", "ssdp:alive"},
			{"SERVER", serverHeader},
			{"USN", t.name},
		})
		_, _ = conn.WriteTo(packet, net.UDPAddrFromAddrPort(searchGroup))
	}
}
